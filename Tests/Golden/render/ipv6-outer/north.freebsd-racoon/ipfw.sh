#!/bin/sh
# Gateway north of mesh outer-six, for FreeBSD with racoon. Written by warren render.
# Copy it to /usr/local/etc/warren/ipfw.sh, mode 0755: rc.conf has it run after the firewall's own script.
# Rules of one number are tried in the order in which they were added.
#
# ipfw sees what leaves after ESP was applied: IP-in-IP that it sees there is unprotected, and is denied.
# IP-in-IP that comes in passes only when ESP protected it. So nothing is in the clear, whatever else stands.

case "$1" in
*stop) exit 0 ;;
esac

ipfw -q add 1 tcp-setmss 1306 tcp from any to any via gif2 tcpflags syn
ipfw -q add 1 allow ip from any to any via gif2
ipfw -q add 1 allow udp from 2001:db8:2::20 to 2001:db8:1::10 500,4500
ipfw -q add 1 allow udp from 2001:db8:1::10 to 2001:db8:2::20 500,4500
ipfw -q add 1 allow esp from 2001:db8:2::20 to 2001:db8:1::10
ipfw -q add 1 allow esp from 2001:db8:1::10 to 2001:db8:2::20
ipfw -q add 1 allow ipencap from 2001:db8:2::20 to 2001:db8:1::10 in ipsec
ipfw -q add 1 allow 41 from 2001:db8:2::20 to 2001:db8:1::10 in ipsec
ipfw -q add 1 deny ipencap from 2001:db8:2::20 to 2001:db8:1::10 in not ipsec
ipfw -q add 1 deny ipencap from 2001:db8:1::10 to 2001:db8:2::20 out
ipfw -q add 1 deny 41 from 2001:db8:2::20 to 2001:db8:1::10 in not ipsec
ipfw -q add 1 deny 41 from 2001:db8:1::10 to 2001:db8:2::20 out
ipfw -q add 1 deny ip from any to 10.2.0.0/16 out
ipfw -q add 1 deny ip6 from any to fd00:a2::/64 out
