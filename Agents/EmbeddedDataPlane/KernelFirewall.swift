import DataPlane
import WarrenModel

/// One nftables table, replaced as a whole in one transaction. Tables of others are never touched.
///
/// Its chains stand early, where packets enter and where they leave, so that forwarded packets pass them, too. They accept
/// by default: the table closes what must never be in the clear, and opens nothing that another table closes.
struct KernelFirewall {
    static let table = "warren"
    /// The comment of the rule that lets pass at once what no rule below could drop.
    static let shortcut = "shortcut"
    let tools: NetworkTools

    /// Empty rules remove the table.
    func set(_ rules: [FirewallRule]) throws(DataPlaneError) {
        try tools.require(["nft", "-f", "-"], input: try Self.transaction(rules))
    }

    /// The rules that really stand, in the order in which they were set; those of a table that somebody changed come out
    /// different from what was set.
    func observe() throws(DataPlaneError) -> [FirewallRule] {
        let outcome = try tools.run(["nft", "-j", "-n", "list", "table", "inet", Self.table])
        guard outcome.status == 0 else {
            if outcome.errors.contains("No such file or directory") { return [] }
            throw DataPlaneError(.refused, "nft list table: \(outcome.errors)")
        }
        return FirewallListing.rules(try decodeJSON(FirewallListing.self, outcome.output))
    }

    static func transaction(_ rules: [FirewallRule]) throws(DataPlaneError) -> String {
        var text = "table inet \(table)\ndelete table inet \(table)\n"
        guard !rules.isEmpty else { return text }
        var lines: [FirewallRule.Direction: [String]] = [:]
        for direction in [FirewallRule.Direction.inbound, .outbound] {
            lines[direction] = shortcutLine(rules.filter { $0.direction == direction }).map { [$0] } ?? []
        }
        for (index, rule) in rules.enumerated() {
            lines[rule.direction, default: []].append(try statement(rule) + " comment \"\(index)\"")
        }
        func chain(_ name: String, _ hook: String, _ body: [String]) -> String {
            "  chain \(name) {\n    type filter hook \(hook); policy accept;\n"
                + body.map { "    \($0)\n" }.joined() + "  }\n"
        }
        text += "table inet \(table) {\n"
        text += chain("inbound", "prerouting priority -160", lines[.inbound] ?? [])
        text += chain("outbound", "postrouting priority -160", lines[.outbound] ?? [])
        // Both ways: a TCP connection through a tunnel fits its MTU, whoever opened it.
        text += chain(
            "clamp", "forward priority mangle",
            ["iifname", "oifname"].map { "\($0) \"gif*\" tcp flags syn tcp option maxseg size set rt mtu" })
        return text + "}\n"
    }

    /// Without it, each packet of each connection would be held against the rules of every peer.
    private static func shortcutLine(_ rules: [FirewallRule]) -> String? {
        let protocols = Set(rules.filter { $0.action == .drop }.map(\.ipProtocol))
        guard !protocols.isEmpty, !protocols.contains(.any) else { return nil }
        let numbers = protocols.map(\.rawValue).sorted().map(String.init).joined(separator: ", ")
        return "meta l4proto != { \(numbers) } accept comment \"\(shortcut)\""
    }

    private static func statement(_ rule: FirewallRule) throws(DataPlaneError) -> String {
        var parts: [String] = []
        if let interface = rule.interface {
            guard (1...15).contains(interface.utf8.count),
                interface.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) })
            else { throw DataPlaneError(.invalid, "'\(interface)' is not the name of an interface") }
            parts.append("\(rule.direction == .inbound ? "iifname" : "oifname") \"\(interface)\"")
        }
        for (address, field) in [(rule.source, "saddr"), (rule.destination, "daddr")] {
            if let address { parts.append("\(address.family == .ipv4 ? "ip" : "ip6") \(field) \(address)") }
        }
        if !rule.ports.isEmpty {
            guard let name = [.udp: "udp", .tcp: "tcp"][rule.ipProtocol] else {
                throw DataPlaneError(.invalid, "ports of protocol \(rule.ipProtocol)")
            }
            parts.append("\(name) dport { \(rule.ports.map(String.init).joined(separator: ", ")) }")
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
