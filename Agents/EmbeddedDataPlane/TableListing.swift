import WarrenModel

/// What `nft -j list table` prints.
struct TableListing: Decodable {
    struct Entry: Decodable {
        let chain: Chain?
        let rule: Rule?
    }
    struct Chain: Decodable, Hashable {
        let name: String
        let type: String?
        let hook: String?
        let prio: Int?
        let policy: String?
    }
    struct Rule: Decodable {
        let chain: String
        let comment: String?
        let expr: [JSONValue]
    }
    let nftables: [Entry]

    var chains: [Chain] { nftables.compactMap(\.chain) }
    var rules: [Rule] { nftables.compactMap(\.rule) }
}

/// JSON whose shape is not known beforehand.
enum JSONValue: Decodable, Equatable {
    case null
    case boolean(Bool)
    case number(Int64)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    subscript(key: String) -> JSONValue? { if case .object(let members) = self { members[key] } else { nil } }
    var text: String? { if case .string(let value) = self { value } else { nil } }
    var number: Int64? { if case .number(let value) = self { value } else { nil } }
    var elements: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
}
