import WarrenAPIModel

/// A JSON value that is written down where it is needed.
indirect enum JSONTree: Encodable {
    case text(String)
    case flag(Bool)
    case list([JSONTree])
    case object([String: JSONTree])
    case schema(JSONSchema)

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        case .schema(let schema): try container.encode(schema)
        }
    }

    /// An object with one more member; anything else stays as it is.
    func with(_ name: String, _ value: JSONTree) -> JSONTree {
        guard case .object(var members) = self else { return self }
        members[name] = value
        return .object(members)
    }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(stringLiteral value: String) { self = .text(value) }
    init(arrayLiteral elements: JSONTree...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, JSONTree)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
