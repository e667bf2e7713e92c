# One end of a link by strongSwan, the kernel's ESP and the kernel's IP-in-IP devices; sourced by link.
#
# A gif tunnel carries both families; Linux has a device for each: ipip for protocol 4, sit for 41.
#
# charon makes the policies, because only then does the end that answers a rekey keep to the old SA until the other end has
# the new one (with `policies = no` it sends on the new SA at once, and what overtakes its answer is lost). While no SA
# stands, wider policies of the last priority block what charon's would protect.
# What it proposes and accepts; a scenario may say otherwise.
ike_proposal=aes256gcm16-prfsha384-x25519 esp_proposal=aes256gcm16-esn-noesn
# Whether it has ESP put into UDP although no NAT is there.
encap=yes

vici() { local side=$1 verb=$2; shift 2; STRONGSWAN_CONF=$work/$side/strongswan.conf swanctl "--$verb" "$@" --uri "unix://$work/$side/vici"; }

# strongswan_up SIDE MODE SECRET: devices, routes, charon and its connection `link`; nothing is initiated.
strongswan_up() {
    local side=$1 mode=$2 secret=$3 far=${other[$1]}
    ip -n "gw-$side" -batch - <<END
link add gif0 type ipip local ${outer[$side]} remote ${outer[$far]} ttl 64
link set gif0 mtu $mtu up
addr add $(inner "$side")/32 peer $(inner "$far") dev gif0
route add 10.${number[$far]}.0.0/24 dev gif0 src $(inner "$side")
link add gif0six type sit local ${outer[$side]} remote ${outer[$far]} ttl 64
link set gif0six mtu $mtu up
route add fd00:${number[$far]}::/64 dev gif0six src $(inner6 "$side")
END
    strongswan_block "$side"
    mkdir -p "$work/$side/swanctl"
    strongswan_files "$side" "$mode" "$secret"
    charon_start "$side"
}

charon_start() {
    local side=$1 folder=$work/$1
    STRONGSWAN_CONF=$folder/strongswan.conf ip netns exec "gw-$side" charon-systemd >>"$folder/charon.out" 2>&1 &
    echo $! >"$folder/pid"
    await 10 test -S "$folder/vici"
    vici "$side" load-all --file "$folder/swanctl.conf" >"$folder/load.out" 2>&1 || { cat "$folder/load.out"; return 1; }
}

# Ends charon without a word to its peer; the kernel forgets its SAs and what was to be protected stays blocked.
charon_crash() {
    local side=$1
    kill -KILL "$(cat "$work/$side/pid")"
    wait "$(cat "$work/$side/pid")" 2>/dev/null
    rm -f "$work/$side/vici"
    in_gateway "$side" ip xfrm state flush
    in_gateway "$side" ip xfrm policy flush
    strongswan_block "$side"
}

strongswan_block() {
    local side=$1 protocol direction
    for protocol in 4 41; do
        for direction in out in; do
            echo "xfrm policy add dir $direction src 203.0.113.0/24 dst 203.0.113.0/24 proto $protocol action block priority 4294967295"
        done
    done | ip -n "gw-$side" -batch -
}

strongswan_files() {
    local side=$1 mode=$2 secret=$3 far=${other[$1]} folder=$work/$1
    cat >"$folder/strongswan.conf" <<END
charon-systemd {
    journal {
        default = -1
    }
    filelog {
        log {
            path = $folder/charon.log
            time_format = %T
            time_add_ms = yes
            flush_line = yes
            default = 1
            ike = 2
            chd = 2
            enc = 1
            knl = 1
        }
    }
}
charon {
    load = random nonce openssl aes sha1 sha2 hmac gcm pem pkcs1 pubkey x509 curve25519 kdf kernel-netlink socket-default vici
    install_routes = no
    install_virtual_ip = no
    retransmit_tries = 3
    retransmit_timeout = 1.0
    plugins {
        vici {
            socket = unix://$folder/vici
        }
    }
}
swanctl {
    load = pem pkcs1 x509 openssl random
}
END
    cat >"$folder/swanctl.conf" <<END
connections {
    link {
        version = 2
        local_addrs = ${outer[$side]}
        remote_addrs = ${outer[$far]}
        encap = $encap
        mobike = no
        dpd_delay = 20s
        proposals = $ike_proposal
        local {
            auth = psk
            id = ${outer[$side]}
        }
        remote {
            auth = psk
            id = ${outer[$far]}
        }
        children {
            gif {
                mode = $mode
                local_ts = ${outer[$side]}/32[4],${outer[$side]}/32[41]
                remote_ts = ${outer[$far]}/32[4],${outer[$far]}/32[41]
                esp_proposals = $esp_proposal
                replay_window = 1024
            }
        }
    }
}
secrets {
    ike-link {
        id-1 = ${outer[$side]}
        id-2 = ${outer[$far]}
        secret = 0x$secret
    }
}
END
}

strongswan_initiate() { vici "$1" initiate --child gif --timeout 15 >"$work/$1/initiate.out" 2>&1; }
strongswan_rekey_child() { vici "$1" rekey --child gif >/dev/null; }
strongswan_rekey_ike() { vici "$1" rekey --ike link >/dev/null; }
strongswan_established() { vici "$1" list-sas | grep -q 'gif: #.*INSTALLED'; }

# What identifies the SAs of now: the inbound SPI, and both IKE SPIs; a rekey changes its own.
strongswan_child_id() { vici "$1" list-sas | awk '$1 == "in" { spi = $2 } END { print spi }'; }
strongswan_ike_id() { vici "$1" list-sas | awk '/^link: .*ESTABLISHED/ { print $5, $6 }' FS='[ ,]+'; }

strongswan_down() {
    local side=$1
    kill "$(cat "$work/$side/pid")" 2>/dev/null
    wait "$(cat "$work/$side/pid")" 2>/dev/null
    rm -f "$work/$side/vici"
    ip -n "gw-$side" link del gif0
    ip -n "gw-$side" link del gif0six
    in_gateway "$side" ip xfrm state flush
    in_gateway "$side" ip xfrm policy flush
}
