import WarrenModel

extension NFTable {
    public static let firewallName = "warren"
    /// The comment of the rule that lets pass at once what no rule below could drop.
    public static let shortcut = "shortcut"

    /// The firewall rules of a plan; no table when there are none.
    ///
    /// Its chains stand early, where packets enter and where they leave, so that forwarded packets pass them, too. They accept
    /// by default: the table closes what must never be in the clear, and opens nothing that another table closes.
    ///
    /// - Parameter numbered: each rule's comment is its place among `rules`, so that it can be read back.
    public static func firewall(_ rules: [FirewallRule], numbered: Bool) throws(NFTablesError) -> NFTable {
        guard !rules.isEmpty else { return NFTable(name: firewallName, chains: []) }
        var lines: [FirewallRule.Direction: [Rule]] = [:]
        for direction in [FirewallRule.Direction.inbound, .outbound] {
            lines[direction] = shortcutRule(rules.filter { $0.direction == direction }).map { [$0] } ?? []
        }
        for (index, rule) in rules.enumerated() {
            lines[rule.direction, default: []].append(Rule(try statement(rule), comment: numbered ? "\(index)" : nil))
        }
        return NFTable(
            name: firewallName,
            chains: [
                Chain("inbound", hook: "prerouting", priority: -160, rules: lines[.inbound] ?? []),
                Chain("outbound", hook: "postrouting", priority: -160, rules: lines[.outbound] ?? []),
                Chain(
                    "clamp", hook: "forward", priority: -150,
                    remark: "A TCP connection through a tunnel fits its MTU, whoever opened it.",
                    rules: ["iifname", "oifname"].map {
                        Rule("\($0) \"gif*\" tcp flags syn tcp option maxseg size set rt mtu")
                    }),
            ])
    }

    /// Without it, each packet of each connection would be held against the rules of every peer.
    private static func shortcutRule(_ rules: [FirewallRule]) -> Rule? {
        let protocols = Set(rules.filter { $0.action == .drop }.map(\.ipProtocol))
        guard !protocols.isEmpty, !protocols.contains(.any) else { return nil }
        let numbers = protocols.map(\.rawValue).sorted().map(String.init).joined(separator: ", ")
        return Rule("meta l4proto != { \(numbers) } accept", comment: shortcut)
    }

    private static func statement(_ rule: FirewallRule) throws(NFTablesError) -> String {
        var parts: [String] = []
        if let interface = rule.interface {
            guard (1...15).contains(interface.utf8.count),
                interface.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) })
            else { throw NFTablesError("a firewall rule's interface is not named by 1 to 15 small letters and digits") }
            parts.append("\(rule.direction == .inbound ? "iifname" : "oifname") \"\(interface)\"")
        }
        for (address, field) in [(rule.source, "saddr"), (rule.destination, "daddr")] {
            if let address { parts.append("\(headerName(address.family)) \(field) \(address)") }
        }
        if !rule.ports.isEmpty {
            guard let name = [.udp: "udp", .tcp: "tcp"][rule.ipProtocol] else {
                throw NFTablesError("a firewall rule has ports of protocol \(rule.ipProtocol)")
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
