/// Works out the JSON schemas of types from how they decode themselves, so that a schema cannot differ from its type.
///
/// A type is asked to decode from a decoder that notes which members are wanted, of which types, and whether they may be
/// missing. What cannot be seen so (a text's grammar, the cases of an enumeration with values) says its schema itself, as
/// `TextShaped` or `SchemaDescribed`. An optional member may be missing, or null.
public final class SchemaBook {
    /// The schemas of all objects seen so far, by name.
    public private(set) var components: [String: JSONSchema] = [:]
    private var known: [ObjectIdentifier: (schema: JSONSchema, sample: Any)] = [:]
    private var underWay: Set<ObjectIdentifier> = []
    private var names: [String: ObjectIdentifier] = [:]

    public init() {}

    /// Why there is no schema.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public func schema<Value: Decodable>(of type: Value.Type) throws -> JSONSchema {
        if let list = type as? any ListShaped.Type { return try list.schema(in: self) }
        if underWay.contains(ObjectIdentifier(type)) { return .reference(name(of: type)) }
        return try probe(type).schema
    }

    /// The schema, and some value, of which nothing counts but that it is one.
    func probe<Value: Decodable>(_ type: Value.Type) throws -> (schema: JSONSchema, sample: Value) {
        if let (schema, sample) = known[ObjectIdentifier(type)], let sample = sample as? Value { return (schema, sample) }
        if let described = try Self.described(type) ?? lists(type), let sample = described.sample as? Value {
            return (described.schema, sample)
        }
        guard underWay.insert(ObjectIdentifier(type)).inserted else {
            throw Failure(description: "\(type) needs a value of itself")
        }
        defer { underWay.remove(ObjectIdentifier(type)) }
        let probe = SchemaProbe(book: self)
        let sample: Value
        do {
            sample = try Value(from: probe)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "\(type) does not say its schema, and decodes nothing: \(error)")
        }
        var schema = probe.schema
        if case .object(let properties) = schema {
            schema = .object(properties.map { Self.refined($0, of: type) })
            components[name(of: type)] = schema
            schema = .reference(name(of: type))
        }
        known[ObjectIdentifier(type)] = (schema, sample)
        return (schema, sample)
    }

    private func lists<Value>(_ type: Value.Type) throws -> (schema: JSONSchema, sample: Any)? {
        guard let list = type as? any ListShaped.Type else { return nil }
        return (try list.schema(in: self), list.emptyList)
    }

    private static func described<Value>(_ type: Value.Type) throws -> (schema: JSONSchema, sample: Any)? {
        if let described = type as? any SchemaDescribed.Type { return (described.schema, described.schemaSample) }
        if let text = type as? any TextShaped.Type {
            let rule = JSONSchema.StringRule(
                pattern: text.textPattern, maximumLength: text.textMaximumLength, format: text.textFormat,
                example: text.textExample)
            return (.string(rule), try text.init(from: OneText(text: text.textExample)))
        }
        if let cases = type as? any (CaseIterable & RawRepresentable).Type { return Self.cases(of: cases) }
        return nil
    }

    private static func cases<Value: CaseIterable & RawRepresentable>(
        of type: Value.Type
    ) -> (schema: JSONSchema, sample: Any)? {
        let texts = Value.allCases.compactMap { $0.rawValue as? String }
        guard texts.count == Value.allCases.count, let sample = Value.allCases.first else { return nil }
        return (.values(texts), sample)
    }

    private static func refined(_ property: JSONSchema.Property, of type: Any.Type) -> JSONSchema.Property {
        guard let schema = (type as? any SchemaRefined.Type)?.refinements[property.name] else { return property }
        return JSONSchema.Property(
            property.name, property.isRequired ? schema : .anyOf([schema, .null]), isRequired: property.isRequired)
    }

    /// Of a nested type with the types around it; of the API's own messages without `APIMessage`.
    private func name(of type: Any.Type) -> String {
        var parts = String(reflecting: type).split(separator: ".").dropFirst()
        if parts.first == "APIMessage" { parts = parts.dropFirst() }
        let short = parts.joined(separator: ".")
        guard names[short, default: ObjectIdentifier(type)] == ObjectIdentifier(type) else { return String(reflecting: type) }
        names[short] = ObjectIdentifier(type)
        return short
    }
}

/// A decoder of one text.
private struct OneText: Decoder, SingleValueDecodingContainer {
    let text: String
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> { throw mismatch(type) }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw mismatch([String].self) }
    func decodeNil() -> Bool { false }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard let value = text as? Value else { throw mismatch(type) }
        return value
    }
    private func mismatch(_ type: Any.Type) -> DecodingError {
        .typeMismatch(type, .init(codingPath: [], debugDescription: "there is a text"))
    }
}
