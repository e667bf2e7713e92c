import NFTables
import WarrenModel

extension TableListing {
    /// What stands for a table that is not as Warren wrote it: equal to no translation that it would.
    static let foreignTranslations: [NetworkTranslation] = {
        let nothing = IPPrefix(host: IPAddress(v4: 0))
        return NetworkTranslation(network: nothing, visible: nothing).map { [$0] } ?? []
    }()

    /// In order of the networks: those that the table would be written for as it stands, chain by chain and rule by rule.
    var translations: [NetworkTranslation] {
        let found = rules.filter { $0.chain == "outward" }.compactMap { Self.translation($0.expr) }
            .sorted { ($0.network, $0.visible) < ($1.network, $1.visible) }
        let written = NFTable.translation(found).chains
        let standing = Dictionary(grouping: rules, by: \.chain).mapValues { $0.map { $0.expr.map(Self.statement) } }
        let isIntact =
            !found.isEmpty
            && Set(chains)
                == Set(
                    written.map {
                        Chain(name: $0.name, type: $0.type, hook: $0.hook, prio: $0.priority, policy: "accept")
                    })
            && written.allSatisfy { chain in
                standing[chain.name]?.map { $0.joined(separator: " ") } == chain.rules.map(\.statement)
            }
        return isIntact ? found : Self.foreignTranslations
    }

    private static func translation(_ expressions: [JSONValue]) -> NetworkTranslation? {
        let visible = expressions.lazy.compactMap { $0["snat"]?["addr"]?.prefix }.first
        let network = expressions.lazy.compactMap { $0["match"]?["right"]?.prefix }.first
        guard let network, let visible else { return nil }
        return NetworkTranslation(network: network, visible: visible)
    }

    /// An expression in the words of `NFTable.translation`; `?` for any that it does not write.
    private static func statement(_ expression: JSONValue) -> String {
        if expression["accept"] != nil { return "accept" }
        if expression["drop"] != nil { return "drop" }
        if let match = expression["match"], match["op"] == .string("=="), let left = match["left"], let right = match["right"] {
            return "\(term(left)) \(value(right, of: left))"
        }
        if let mangle = expression["mangle"], let zone = mangle["value"]?.number {
            return "\(term(mangle["key"] ?? .null)) set \(zone)"
        }
        for kind in ["dnat", "snat"] {
            guard let rule = expression[kind], let family = rule["family"]?.text, let prefix = rule["addr"]?.prefix else {
                continue
            }
            let isWhole = rule["flags"]?.isJust("netmap") == true && rule["port"] == nil
            return "\(kind) \(family)\(isWhole ? " prefix" : "") to \(prefix)"
        }
        return "?"
    }

    private static func term(_ expression: JSONValue) -> String {
        if let key = expression["meta"]?["key"]?.text { return key }
        if let key = expression["ct"]?["key"]?.text { return "ct \(key)" }
        if let header = expression["payload"]?["protocol"]?.text, let field = expression["payload"]?["field"]?.text {
            return "\(header) \(field)"
        }
        if let result = expression["fib"]?["result"]?.text, expression["fib"]?["flags"]?.isJust("daddr") == true {
            return "fib daddr \(result)"
        }
        return "?"
    }

    /// The kernel's number for addresses of its own is RTN_LOCAL (rtnetlink(7)).
    private static func value(_ value: JSONValue, of term: JSONValue) -> String {
        if let prefix = value.prefix { return "\(prefix)" }
        if let name = value.text { return term["fib"]?["result"] == .string("type") ? name : "\"\(name)\"" }
        return value == .number(2) ? "local" : "?"
    }
}

extension JSONValue {
    /// A prefix or an address.
    fileprivate var prefix: IPPrefix? {
        if let text { return IPAddress(text).map { IPPrefix(host: $0) } }
        guard let address = self["prefix"]?["addr"]?.text, let length = self["prefix"]?["len"]?.number else { return nil }
        return IPPrefix("\(address)/\(length)")
    }

    /// The text, or a list of nothing but it.
    fileprivate func isJust(_ text: String) -> Bool { (elements ?? [self]) == [.string(text)] }
}
