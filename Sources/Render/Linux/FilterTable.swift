import WarrenModel

/// `nftables.conf`: one table that keeps the links closed, whatever else stands.
enum FilterTable {
    static let name = "nftables.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines =
            ["#!/usr/sbin/nft -f"]
            + gateway.heading(
                "Load it at boot, before the network: nft -f \(name). It replaces its own table in one step, and no other.",
                "",
                "It drops IP-in-IP that ESP does not protect, both ways. It cannot open what another table closes: where one",
                "filters input, let it accept UDP ports 500 and 4500 and ESP from the peers, and what comes in through gif*.")
        lines += ["table inet warren", "delete table inet warren", "table inet warren {"]
        let rules = gateway.plan.firewall
        lines += try chain("inbound", "prerouting", rules.filter { $0.direction == .inbound })
        lines += try chain("outbound", "postrouting", rules.filter { $0.direction == .outbound })
        lines += [
            "    # A TCP connection through a tunnel fits its MTU, whoever opened it.",
            "    chain clamp {",
            "        type filter hook forward priority mangle; policy accept;",
            "        iifname \"gif*\" tcp flags syn tcp option maxseg size set rt mtu",
            "        oifname \"gif*\" tcp flags syn tcp option maxseg size set rt mtu",
            "    }", "}",
        ]
        return RenderedFile(name, lines: lines)
    }

    private static func chain(_ name: String, _ hook: String, _ rules: [FirewallRule]) throws(RenderError) -> [String] {
        var lines = ["    chain \(name) {", "        type filter hook \(hook) priority -160; policy accept;"]
        for rule in rules { lines.append("        " + (try statement(rule))) }
        return lines + ["    }"]
    }

    private static func statement(_ rule: FirewallRule) throws(RenderError) -> String {
        let syntax = WordSyntax(format: "nft")
        var parts: [String] = []
        if let interface = rule.interface {
            parts.append("\(rule.direction == .inbound ? "iifname" : "oifname") \"\(try syntax.line(interface))\"")
        }
        for (address, field) in [(rule.source, "saddr"), (rule.destination, "daddr")] {
            if let address {
                parts.append("\(address.family == .ipv4 ? "ip" : "ip6") \(field) \(try syntax.line("\(address)"))")
            }
        }
        if !rule.ports.isEmpty {
            guard rule.ipProtocol == .udp || rule.ipProtocol == .tcp else {
                throw RenderError(.inconsistent, "a firewall rule has ports of protocol \(rule.ipProtocol)")
            }
            parts.append("\(rule.ipProtocol) dport { \(rule.ports.map(String.init).joined(separator: ", ")) }")
        } else if rule.ipProtocol != .any {
            parts.append("meta l4proto \(rule.ipProtocol.rawValue)")
        }
        if let unprotected = rule.unprotected {
            parts.append("\(rule.direction == .inbound ? "meta" : "rt") ipsec \(unprotected ? "missing" : "exists")")
        }
        parts.append(rule.action == .allow ? "accept" : "drop")
        return parts.joined(separator: " ")
    }
}
