import NFTables
import WarrenModel

extension TableListing {
    /// What stands for a firewall rule that Warren did not write: equal to none that it would.
    static let foreign = FirewallRule(action: .allow, direction: .inbound, ipProtocol: .any, interface: "?")

    /// In the order that the rules' comments number. Empty unless the table has the chains that it was made with.
    var firewallRules: [FirewallRule] {
        let hooks = Dictionary(chains.map { ($0.name, $0.hook) }, uniquingKeysWith: { first, _ in first })
        guard hooks == ["inbound": "prerouting", "outbound": "postrouting", "clamp": "forward"],
            chains.allSatisfy({ $0.policy == "accept" })
        else { return [] }
        let listed = self.rules
        guard listed.filter({ $0.chain == "clamp" }).count == 2 else { return [] }
        var numbered: [(index: Int, rule: FirewallRule)] = []
        var shortcuts: [FirewallRule.Direction: JSONValue] = [:]
        for entry in listed where entry.chain != "clamp" {
            let direction: FirewallRule.Direction = entry.chain == "inbound" ? .inbound : .outbound
            if entry.comment == NFTable.shortcut {
                shortcuts[direction] = .array(entry.expr)
            } else {
                let rule = entry.comment.flatMap { Int($0) } == nil ? nil : Self.rule(entry.expr, direction)
                numbered.append((entry.comment.flatMap { Int($0) } ?? .max, rule ?? Self.foreign))
            }
        }
        let rules = numbered.sorted { $0.index < $1.index }.map(\.rule)
        let isIntact = shortcuts.allSatisfy { direction, expression in
            let drops = rules.filter { $0.direction == direction && $0.action == .drop }
            return expression == Self.shortcut(for: Set(drops.map(\.ipProtocol.rawValue)))
        }
        return isIntact ? rules : rules + [Self.foreign]
    }

    private static func shortcut(for protocols: Set<UInt8>) -> JSONValue {
        let numbers = protocols.sorted().map { JSONValue.number(Int64($0)) }
        let left = JSONValue.object(["meta": .object(["key": .string("l4proto")])])
        return .array([
            .object([
                "match": .object([
                    "op": .string("!="), "left": left, "right": .object(["set": .array(numbers)]),
                ])
            ]), .object(["accept": .null]),
        ])
    }

    /// Nil for any expression that `NFTable.firewall` does not write.
    private static func rule(_ expressions: [JSONValue], _ direction: FirewallRule.Direction) -> FirewallRule? {
        var action: FirewallRule.Action?
        var ipProtocol = IPProtocol.any
        var source: IPAddress?, destination: IPAddress?
        var ports: [UInt16] = []
        var interface: String?
        var unprotected: Bool?
        for expression in expressions {
            guard action == nil else { return nil }
            if expression["accept"] != nil {
                action = .allow
            } else if expression["drop"] != nil {
                action = .drop
            } else if let match = expression["match"], match["op"] == .string("=="), let left = match["left"],
                let right = match["right"]
            {
                let field = left["payload"]?["field"]?.text
                switch (left["meta"]?["key"]?.text ?? left["rt"]?["key"]?.text, field) {
                case ("iifname", nil) where direction == .inbound, ("oifname", nil) where direction == .outbound:
                    interface = right.text
                case ("ipsec", nil):
                    guard case .boolean(let exists) = right else { return nil }
                    unprotected = !exists
                case ("l4proto", nil):
                    guard let number = right.number.flatMap({ UInt8(exactly: $0) }) else { return nil }
                    ipProtocol = IPProtocol(rawValue: number)
                case (nil, "saddr"): source = right.text.flatMap { IPAddress($0) }
                case (nil, "daddr"): destination = right.text.flatMap { IPAddress($0) }
                case (nil, "dport"):
                    ipProtocol = left["payload"]?["protocol"]?.text == "tcp" ? .tcp : .udp
                    ports = (right["set"]?.elements ?? [right]).compactMap { $0.number.flatMap { UInt16(exactly: $0) } }
                default: return nil
                }
            } else {
                return nil
            }
        }
        return action.map {
            FirewallRule(
                action: $0, direction: direction, ipProtocol: ipProtocol, source: source, destination: destination,
                ports: ports, interface: interface, unprotected: unprotected)
        }
    }
}
