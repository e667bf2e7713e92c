#!/bin/sh
# Gateway london of mesh merged, for FreeBSD with racoon. Written by warren render.
# Copy it to /usr/local/etc/warren/ipfw.sh, mode 0755: rc.conf has it run after the firewall's own script.
# Rules of one number are tried in the order in which they were added.
#
# ipfw sees what leaves after ESP was applied: IP-in-IP that it sees there is unprotected, and is denied.
# IP-in-IP that comes in passes only when ESP protected it. So nothing is in the clear, whatever else stands.

case "$1" in
*stop) exit 0 ;;
esac

ipfw -q add 1 tcp-setmss 1378 tcp from any to any via gif2 tcpflags syn
ipfw -q add 1 tcp-setmss 1378 tcp from any to any via gif3 tcpflags syn
ipfw -q add 1 allow ip from any to any via gif2
ipfw -q add 1 allow udp from 203.0.113.30 to 203.0.113.10 500,4500
ipfw -q add 1 allow udp from 203.0.113.10 to 203.0.113.30 500,4500
ipfw -q add 1 allow esp from 203.0.113.30 to 203.0.113.10
ipfw -q add 1 allow esp from 203.0.113.10 to 203.0.113.30
ipfw -q add 1 allow ipencap from 203.0.113.30 to 203.0.113.10 in ipsec
ipfw -q add 1 deny ipencap from 203.0.113.30 to 203.0.113.10 in not ipsec
ipfw -q add 1 deny ipencap from 203.0.113.10 to 203.0.113.30 out
ipfw -q add 1 deny 41 from 203.0.113.30 to 203.0.113.10 in not ipsec
ipfw -q add 1 deny 41 from 203.0.113.10 to 203.0.113.30 out
ipfw -q add 1 allow ip from any to any via gif3
ipfw -q add 1 allow udp from 198.51.100.20 to 203.0.113.10 500,4500
ipfw -q add 1 allow udp from 203.0.113.10 to 198.51.100.20 500,4500
ipfw -q add 1 allow esp from 198.51.100.20 to 203.0.113.10
ipfw -q add 1 allow esp from 203.0.113.10 to 198.51.100.20
ipfw -q add 1 allow ipencap from 198.51.100.20 to 203.0.113.10 in ipsec
ipfw -q add 1 deny ipencap from 198.51.100.20 to 203.0.113.10 in not ipsec
ipfw -q add 1 deny ipencap from 203.0.113.10 to 198.51.100.20 out
ipfw -q add 1 deny 41 from 198.51.100.20 to 203.0.113.10 in not ipsec
ipfw -q add 1 deny 41 from 203.0.113.10 to 198.51.100.20 out
ipfw -q add 1 deny ip from any to 10.201.1.0/24 out
ipfw -q add 1 deny ip from any to 172.16.3.0/24 out
ipfw -q add 1 deny ip from any to 10.202.1.0/24 out
