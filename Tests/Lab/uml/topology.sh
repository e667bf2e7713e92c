# Two gateways on one stretch of Internet, each with a private network behind it; sourced by link.
#
#   lan-a ── gw-a ── wan (a bridge that only listens) ── gw-b ── lan-b
#
# Side a is 203.0.113.10 with 10.1.0.0/24 and fd00:1::/64, side b is 203.0.113.20 with 10.2.0.0/24 and fd00:2::/64. The
# gateway has .1 of its network, the one host behind it has .10.
declare -A outer=([a]=203.0.113.10 [b]=203.0.113.20) number=([a]=1 [b]=2) other=([a]=b [b]=a)
inner() { echo "10.${number[$1]}.0.1"; }
host() { echo "10.${number[$1]}.0.10"; }
inner6() { echo "fd00:${number[$1]}::1"; }
host6() { echo "fd00:${number[$1]}::10"; }

in_gateway() { local side=$1; shift; ip netns exec "gw-$side" "$@"; }
in_lan() { local side=$1; shift; ip netns exec "lan-$side" "$@"; }

# All at once, before the first SA: what the kernel loads on demand costs the first exchange seconds.
load_modules() {
    modprobe -a veth bridge tun ipip sit esp4 xfrm_user gcm ctr seqiv ghash-generic echainiv authenc \
        sha512_generic drbg
    echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
}

# IPv6 speaks up by itself on every new interface: only the private networks and the tunnels have it. So does a bridge that
# snoops on multicast.
topology_up() {
    ip netns add wan
    ip netns exec wan sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    ip -n wan link add internet type bridge forward_delay 0 mcast_snooping 0
    ip -n wan link set internet up
    local side
    for side in a b; do
        ip netns add "gw-$side"
        ip netns add "lan-$side"
        ip -batch - <<END
link add eth0 netns gw-$side type veth peer name to-$side netns wan
link add lan0 netns gw-$side type veth peer name eth0 netns lan-$side
END
        in_gateway "$side" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
            net.ipv4.conf.all.rp_filter=0
        ip -n wan -batch - <<END
link set to-$side master internet
link set to-$side up
END
        ip -n "gw-$side" -batch - <<END
link set lo up
link set eth0 up
link set lan0 up
addr add ${outer[$side]}/24 dev eth0
addr add $(inner "$side")/24 dev lan0
addr add $(inner6 "$side")/64 dev lan0 nodad
END
        ip -n "lan-$side" -batch - <<END
link set lo up
link set eth0 up
addr add $(host "$side")/24 dev eth0
addr add $(host6 "$side")/64 dev eth0 nodad
route add default via $(inner "$side")
route add default via $(inner6 "$side")
END
    done
}

# Runs a command until it succeeds, a second number of times ten at most.
await() {
    local seconds=$1 end; shift
    end=$((SECONDS + seconds + 1))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        read -r -t 0.1 <> <(:) || :
    done
}

# The capture is of the stretch between the gateways: on a gateway, tunnel mode shows decrypted packets too.
capture_pid=
capture_start() {
    ip netns exec wan tcpdump -i internet -n -U --immediate-mode -Z root -w "$1" 2>"$1.messages" &
    capture_pid=$!
    await 5 grep -q listening "$1.messages"
}
capture_stop() { kill -INT "$capture_pid"; wait "$capture_pid" || :; capture_pid=; }
