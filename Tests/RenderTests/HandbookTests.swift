import Testing
import WarrenRender

/// The handbook's commands, with the documentation's addresses for A.B.C.D and W.X.Y.Z, in their spelling of today.
@Suite struct HandbookTests {
    private let a = "203.0.113.10", w = "198.51.100.20"

    private func statements(_ name: String, _ site: String = "first") throws -> [String] {
        try #require(Rendering.files("handbook", site, .freebsdWithRacoon).first { $0.name == name }).statements
    }

    @Test func tunnelAndRoute() throws {
        let lines = try statements("rc.conf")
        #expect(lines.contains(#"create_args_gif2="tunnel \#(a) \#(w)""#))
        #expect(lines.contains(#"ifconfig_gif2="inet 192.168.1.1 192.168.2.1 netmask 0xffffffff mtu 1418""#))
        #expect(lines.contains(#"static_routes="vpn2""#))
        #expect(lines.contains(#"route_vpn2="-net 192.168.2.0/24 192.168.2.1""#))
        #expect(lines.contains(#"ipsec_enable="YES""#))
        #expect(lines.contains(#"ipsec_file="/etc/ipsec.conf""#))
    }

    @Test func policies() throws {
        #expect(
            try statements("ipsec.conf") == [
                "spdadd \(a)/32 \(w)/32 ipencap -P out ipsec esp/tunnel/\(a)-\(w)/require;",
                "spdadd \(w)/32 \(a)/32 ipencap -P in ipsec esp/tunnel/\(w)-\(a)/require;",
            ])
        #expect(
            try statements("ipsec.conf", "second") == [
                "spdadd \(w)/32 \(a)/32 ipencap -P out ipsec esp/tunnel/\(w)-\(a)/require;",
                "spdadd \(a)/32 \(w)/32 ipencap -P in ipsec esp/tunnel/\(a)-\(w)/require;",
            ])
    }

    @Test func keyOfThePeer() throws {
        #expect(try statements("psk.txt") == ["\(w) 0x" + String(repeating: "0", count: 64)])
        #expect(try statements("psk.txt", "second") == ["\(a) 0x" + String(repeating: "0", count: 64)])
    }

    /// Those of the handbook, but that IP-in-IP passes only when ESP protects it.
    @Test func firewall() throws {
        #expect(
            try statements("ipfw.sh").filter { $0.hasPrefix("ipfw") && !$0.contains("tcp-setmss") } == [
                "ipfw -q add 1 allow ip from any to any via gif2",
                "ipfw -q add 1 allow udp from \(w) to \(a) 500,4500",
                "ipfw -q add 1 allow udp from \(a) to \(w) 500,4500",
                "ipfw -q add 1 allow esp from \(w) to \(a)",
                "ipfw -q add 1 allow esp from \(a) to \(w)",
                "ipfw -q add 1 allow ipencap from \(w) to \(a) in ipsec",
                "ipfw -q add 1 deny ipencap from \(w) to \(a) in not ipsec",
                "ipfw -q add 1 deny ipencap from \(a) to \(w) out",
                "ipfw -q add 1 deny 41 from \(w) to \(a) in not ipsec",
                "ipfw -q add 1 deny 41 from \(a) to \(w) out",
                "ipfw -q add 1 deny ip from any to 192.168.2.0/24 out",
            ])
    }
}
