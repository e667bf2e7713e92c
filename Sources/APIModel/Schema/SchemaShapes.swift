/// A type whose schema cannot be seen from how it decodes.
public protocol SchemaDescribed: Decodable {
    static var schema: JSONSchema { get }
    /// Any value.
    static var schemaSample: Self { get }
}

/// A type of which some members take less than their types do.
public protocol SchemaRefined: Decodable {
    /// By name.
    static var refinements: [String: JSONSchema] { get }
}

/// A type that decodes from one text of a certain form.
public protocol TextShaped: Decodable {
    /// Of ECMA-262; nil: it is hard to say.
    static var textPattern: String? { get }
    static var textMaximumLength: Int? { get }
    /// A format that JSON schema knows.
    static var textFormat: String? { get }
    /// A text that it takes.
    static var textExample: String { get }
}

extension TextShaped {
    public static var textPattern: String? { nil }
    public static var textMaximumLength: Int? { nil }
    public static var textFormat: String? { nil }
}

/// A list, set or dictionary: its schema is known without a value of what it holds.
protocol ListShaped {
    static var emptyList: Self { get }
    static func schema(in book: SchemaBook) throws -> JSONSchema
}

extension Array: ListShaped where Element: Decodable {
    static var emptyList: [Element] { [] }
    static func schema(in book: SchemaBook) throws -> JSONSchema { .array(try book.schema(of: Element.self)) }
}

extension Set: ListShaped where Element: Decodable {
    static var emptyList: Set<Element> { [] }
    static func schema(in book: SchemaBook) throws -> JSONSchema {
        .array(try book.schema(of: Element.self), isSet: true)
    }
}

extension Dictionary: ListShaped where Key: Decodable, Value: Decodable {
    static var emptyList: [Key: Value] { [:] }
    static func schema(in book: SchemaBook) throws -> JSONSchema {
        guard Key.self == String.self || Key.self is any CodingKeyRepresentable.Type else {
            throw SchemaBook.Failure(description: "JSON has no names that are \(Key.self)")
        }
        return .map(try book.schema(of: Value.self), keyPattern: (Key.self as? any NameShaped.Type)?.namePattern)
    }
}

/// What is a dictionary's key: the pattern of its text.
public protocol NameShaped: CodingKeyRepresentable {
    static var namePattern: String? { get }
}

extension Bool: SchemaDescribed {
    public static var schema: JSONSchema { .boolean }
    public static var schemaSample: Bool { false }
}

extension String: SchemaDescribed {
    public static var schema: JSONSchema { .text }
    public static var schemaSample: String { "" }
}

extension Double: SchemaDescribed {
    public static var schema: JSONSchema { .number }
    public static var schemaSample: Double { 0 }
}

extension SchemaDescribed where Self: FixedWidthInteger {
    public static var schema: JSONSchema { .integer(minimum: Int64(clamping: Self.min), maximum: UInt64(clamping: Self.max)) }
    public static var schemaSample: Self { 0 }
}
extension Int: SchemaDescribed {}
extension Int32: SchemaDescribed {}
extension Int64: SchemaDescribed {}
extension UInt8: SchemaDescribed {}
extension UInt16: SchemaDescribed {}
extension UInt32: SchemaDescribed {}
extension UInt64: SchemaDescribed {}
