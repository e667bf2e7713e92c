/// A large value that is kept by reference: what holds it is copied at the cost of one count, until either copy is changed.
@propertyWrapper
public struct Kept<Value: Sendable>: Sendable {
    /// Changed only by its one owner: `wrappedValue` sees to that.
    private final class Content: @unchecked Sendable {
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    private var content: Content

    public init(wrappedValue: Value) { content = Content(wrappedValue) }

    public var wrappedValue: Value {
        _read { yield content.value }
        _modify {
            if !isKnownUniquelyReferenced(&content) { content = Content(content.value) }
            yield &content.value
        }
    }
}

extension Kept: Equatable where Value: Equatable {
    public static func == (a: Self, b: Self) -> Bool { a.content === b.content || a.wrappedValue == b.wrappedValue }
}

/// As the value itself would be.
extension Kept: Codable where Value: Codable {
    public init(from decoder: any Decoder) throws { self.init(wrappedValue: try Value(from: decoder)) }
    public func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

// One that is not there has no key.
extension KeyedDecodingContainer {
    func decode<Value: Decodable>(_ type: Kept<Value?>.Type, forKey key: Key) throws -> Kept<Value?> {
        Kept(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
    }
}

extension KeyedEncodingContainer {
    mutating func encode<Value: Encodable>(_ kept: Kept<Value?>, forKey key: Key) throws {
        try encodeIfPresent(kept.wrappedValue, forKey: key)
    }
}
