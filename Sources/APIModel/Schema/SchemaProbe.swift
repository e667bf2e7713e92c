/// The decoder that a type meets in a `SchemaBook`: gives whatever is asked for, and notes what that was.
final class SchemaProbe: Decoder {
    let book: SchemaBook
    private(set) var schema = JSONSchema.object([])

    init(book: SchemaBook) { self.book = book }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Members<Key>(probe: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SchemaBook.Failure(description: "a list that is decoded by hand says its schema itself")
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(probe: self) }

    fileprivate func note(_ property: JSONSchema.Property) {
        guard case .object(var properties) = schema else { return }
        properties.append(property)
        schema = .object(properties.sorted { $0.name < $1.name })
    }

    private struct Single: SingleValueDecodingContainer {
        let probe: SchemaProbe
        var codingPath: [any CodingKey] { [] }
        func decodeNil() -> Bool { false }
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let (schema, sample) = try probe.book.probe(type)
            probe.schema = schema
            return sample
        }
    }

    private final class Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let probe: SchemaProbe
        /// The member that was asked for whether it is there: `decodeIfPresent` does so before it decodes.
        private var optional: String?

        init(probe: SchemaProbe) { self.probe = probe }

        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { [] }
        func contains(_ key: Key) -> Bool {
            optional = key.stringValue
            return true
        }
        func decodeNil(forKey key: Key) throws -> Bool { false }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            let isRequired = optional != key.stringValue
            optional = nil
            let (schema, sample) = try probe.book.probe(type)
            probe.note(
                JSONSchema.Property(
                    key.stringValue, isRequired ? schema : .anyOf([schema, .null]), isRequired: isRequired))
            return sample
        }

        func nestedContainer<Nested>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> { throw Self.byHand }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Self.byHand }
        func superDecoder() throws -> any Decoder { throw Self.byHand }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw Self.byHand }

        private static var byHand: SchemaBook.Failure {
            SchemaBook.Failure(description: "what decodes members of members by hand says its schema itself")
        }
    }
}
