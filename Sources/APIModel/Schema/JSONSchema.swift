/// A JSON schema (2020-12), as far as the API's messages need it.
public indirect enum JSONSchema: Sendable, Equatable {
    /// The component of this name.
    case reference(String)
    case null
    case boolean
    case integer(minimum: Int64, maximum: UInt64)
    case number
    case string(StringRule)
    case array(JSONSchema, isSet: Bool = false)
    /// In order of names.
    case object([Property])
    /// An object with any names that match the pattern, and values of one kind.
    case map(JSONSchema, keyPattern: String?)
    case anyOf([JSONSchema])

    public struct StringRule: Sendable, Equatable {
        public var pattern: String?
        public var values: [String]?
        public var maximumLength: Int?
        public var format: String?
        public var example: String?

        public init(
            pattern: String? = nil, values: [String]? = nil, maximumLength: Int? = nil, format: String? = nil,
            example: String? = nil
        ) {
            self.pattern = pattern
            self.values = values
            self.maximumLength = maximumLength
            self.format = format
            self.example = example
        }
    }

    public struct Property: Sendable, Equatable {
        public var name: String
        public var schema: JSONSchema
        public var isRequired: Bool

        public init(_ name: String, _ schema: JSONSchema, isRequired: Bool = true) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    /// Any text.
    public static let text = JSONSchema.string(StringRule())
    public static func values(_ values: [String]) -> JSONSchema { .string(StringRule(values: values)) }
}

extension JSONSchema: Encodable {
    public struct Key: CodingKey {
        public let stringValue: String
        public init(stringValue: String) { self.stringValue = stringValue }
        public var intValue: Int? { nil }
        public init?(intValue: Int) { nil }
    }

    public func encode(to encoder: any Encoder) throws {
        var keywords = encoder.container(keyedBy: Key.self)
        func put(_ keyword: String, _ value: (some Encodable)?) throws {
            if let value { try keywords.encode(value, forKey: Key(stringValue: keyword)) }
        }
        switch self {
        case .reference(let name): try put("$ref", "#/components/schemas/\(name)")
        case .null: try put("type", "null")
        case .boolean: try put("type", "boolean")
        case .number: try put("type", "number")
        case .integer(let minimum, let maximum):
            try put("type", "integer")
            try put("minimum", minimum)
            try put("maximum", maximum)
        case .string(let rule):
            try put("type", "string")
            try put("pattern", rule.pattern)
            try put("enum", rule.values)
            try put("maxLength", rule.maximumLength)
            try put("format", rule.format)
            try put("examples", rule.example.map { [$0] })
        case .array(let items, let isSet):
            try put("type", "array")
            try put("items", items)
            if isSet { try put("uniqueItems", true) }
        case .map(let values, let keyPattern):
            try put("type", "object")
            try put("additionalProperties", values)
            if let keyPattern { try put("propertyNames", JSONSchema.string(StringRule(pattern: keyPattern))) }
        case .object(let properties):
            try put("type", "object")
            let required = properties.filter(\.isRequired).map(\.name)
            if !required.isEmpty { try put("required", required) }
            var schemas = keywords.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: "properties"))
            for property in properties { try schemas.encode(property.schema, forKey: Key(stringValue: property.name)) }
        case .anyOf(let schemas): try put("anyOf", schemas)
        }
    }
}
