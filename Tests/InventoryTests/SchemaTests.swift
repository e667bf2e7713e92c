import Foundation
import Testing

@testable import WarrenInventory

/// `Inventory/schema.json` says the same as the decoder, as far as a schema can.
@Suite struct SchemaTests {
    /// What a schema can't say: it sees neither places nor the meaning of a text.
    private static let beyond: Set<RuleID> = [
        .syntax, .controlCharacter, .alias, .tag, .duplicateKey, .tooDeep, .tooMany, .contradiction, .hostBitsSet,
    ]
    /// The rules of single values.
    private static let within: Set<RuleID> = [.unknownKey, .missingKey, .wrongType, .invalidValue, .weakProposal]

    @Test func takesEverySample() throws {
        let schema = try Schema()
        for name in try SampleFiles.names(in: SampleFiles.folder) {
            let file = try SampleFiles.read(name, in: SampleFiles.folder)
            #expect(schema.complaint(about: try #require(YAMLReader(file: 0, text: file.text).root)) == nil, "\(name)")
        }
    }

    @Test(arguments: mutations + Self.more) func refusesWhatTheDecoderRefuses(mutation: Mutation) throws {
        let text = try mutation.applied
        let rules = Set(load(text).diagnostics.map(\.rule))
        guard rules.isDisjoint(with: Self.beyond), let root = YAMLReader(file: 0, text: text).root else { return }
        let complaint = try Schema().complaint(about: root)
        if !rules.isDisjoint(with: Self.within), !Self.isBeyondWords(mutation) {
            #expect(complaint != nil, "the decoder says \(rules), the schema nothing")
        } else if rules.isDisjoint(with: Self.within), !rules.contains(.tooLarge) {
            #expect(complaint == nil, "the decoder says \(rules)")
        }
    }

    /// Values that only their number's size makes wrong, or that are wrong beside another.
    private static func isBeyondWords(_ mutation: Mutation) -> Bool {
        let bounds = ["9s", "8d", "64GB", "99999", "18446744073709551615TiB", "9h}", "/33", "/-1", ".11]"]
        return bounds.contains { mutation.new.contains($0) }
    }

    /// Good in every way: neither may refuse it.
    private static let more: [Mutation] = [
        .init("full-mesh", "{kind: full-mesh}"), .init("full-mesh", "{kind: hub-and-spoke, hubs: [berlin]}"),
        .init("full-mesh", "{kind: groups, groups: {all: [tokyo, berlin]}}"),
        .init("full-mesh", "explicit\nlinks: [{between: [berlin, tokyo], ipsec: {mode: transport}}]"),
        .init("full-mesh", "full-mesh\ntests: [{from: berlin, to: tokyo, expect: reachable}]"),
        .init("tags: [europe]", "index: 99\n    drained: false"),
        .init("{platform: embedded", "{mtu: 1492, platform: embedded"),
        .init("203.0.113.10", "dynamic"), .init("203.0.113.10", "vpn.example.net"), .init("203.0.113.10", "a.b-1.4c"),
        .init("203.0.113.10", "\(String(repeating: "a", count: 63)).7a"),
        .init("tags: [europe]", "translate: {192.168.1.0/24: 10.201.1.0/24}"),
    ]

    @Test func whatIsGoodIsTaken() throws {
        for mutation in Self.more { #expect(load(try mutation.applied).diagnostics == [], "\(mutation.new)") }
    }
}

/// The words of JSON Schema (2020-12) that the schema uses, over YAML's trees: a text without quotes may be a number.
private struct Schema {
    private let root: [String: Any]

    init() throws {
        let data = try Data(contentsOf: SampleFiles.folder.appending(path: "schema.json"))
        root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// The first thing that is wrong; nil when all is right.
    func complaint(about node: YAMLNode) -> String? { complaint(node, root) }

    private func complaint(_ node: YAMLNode, _ rules: [String: Any]) -> String? {
        if let reference = rules["$ref"] as? String {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard let definition = (root["$defs"] as? [String: Any])?[name] as? [String: Any] else { return "no \(name)" }
            if let wrong = complaint(node, definition) { return wrong }
        }
        if let choices = rules["anyOf"] as? [[String: Any]] {
            let wrong = choices.map { complaint(node, $0) }
            if !wrong.contains(nil) { return wrong.compactMap(\.self).joined(separator: "; or ") }
        }
        switch node.content {
        case .scalar(let text, let plain): return scalar(text, plain, rules)
        case .sequence(let items): return list(items, rules)
        case .mapping(let entries): return mapping(entries, rules)
        case .faulty: return "faulty"
        }
    }

    private func scalar(_ text: String, _ plain: Bool, _ rules: [String: Any]) -> String? {
        if plain, ["", "~", "null"].contains(text) { return "nothing is no value" }
        switch rules["type"] as? String {
        case "object", "array": return "\(text) is a single value"
        case "boolean": if !["true", "false"].contains(text) { return "\(text) is neither true nor false" }
        case "integer":
            guard let number = Int(text) else { return "\(text) is no number" }
            if let least = rules["minimum"] as? Int, number < least { return "\(number) is too small" }
            if let most = rules["maximum"] as? Int, number > most { return "\(number) is too large" }
        default: break
        }
        if let one = rules["const"], "\(one)" != text { return "\(text) is not \(one)" }
        if let words = rules["enum"] as? [String], !words.contains(text) { return "\(text) is none of \(words)" }
        if let most = rules["maxLength"] as? Int, text.count > most { return "\(text) is too long" }
        if let pattern = rules["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
            return "\(text) does not match \(pattern)"
        }
        switch rules["format"] as? String {
        case "ipv4": return isAddress(text, AF_INET) ? nil : "\(text) is no IPv4 address"
        case "ipv6": return isAddress(text, AF_INET6) ? nil : "\(text) is no IPv6 address"
        default: return nil
        }
    }

    private func isAddress(_ text: String, _ family: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(family, text, &bytes) == 1
    }

    private func list(_ items: [YAMLNode], _ rules: [String: Any]) -> String? {
        if let type = rules["type"] as? String, type != "array" { return "a list is no \(type)" }
        if rules["const"] != nil || rules["enum"] != nil { return "a list is no single value" }
        if let least = rules["minItems"] as? Int, items.count < least { return "too few items" }
        if let most = rules["maxItems"] as? Int, items.count > most { return "too many items" }
        if rules["uniqueItems"] as? Bool == true, Set(items.map { "\($0.content)" }).count < items.count { return "twice" }
        guard let each = rules["items"] as? [String: Any] else { return nil }
        return items.lazy.compactMap { complaint($0, each) }.first
    }

    private func mapping(_ entries: [YAMLEntry], _ rules: [String: Any]) -> String? {
        if let type = rules["type"] as? String, type != "object" { return "a mapping is no \(type)" }
        if rules["const"] != nil || rules["enum"] != nil { return "a mapping is no single value" }
        if let least = rules["minProperties"] as? Int, entries.count < least { return "too few keys" }
        let keys = Set(entries.map(\.key))
        for key in rules["required"] as? [String] ?? [] where !keys.contains(key) { return "\(key) is missing" }
        let known = rules["properties"] as? [String: [String: Any]] ?? [:]
        for entry in entries {
            if let names = rules["propertyNames"] as? [String: Any] {
                let key = YAMLNode(place: entry.keyPlace, content: .scalar(entry.key, plain: false))
                if let wrong = complaint(key, names) { return wrong }
            }
            if let rules = known[entry.key] {
                if let wrong = complaint(entry.value, rules) { return wrong }
            } else if let others = rules["additionalProperties"] as? [String: Any] {
                if let wrong = complaint(entry.value, others) { return wrong }
            } else if rules["additionalProperties"] as? Bool == false {
                return "\(entry.key) is unknown"
            }
        }
        return nil
    }
}
