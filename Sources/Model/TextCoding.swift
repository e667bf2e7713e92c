/// Reads a value that travels as its text, with an error that quotes what was there.
func decodeLossless<Value: LosslessStringConvertible>(from decoder: any Decoder, what: String) throws -> Value {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Value(text) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a valid \(what)")
    }
    return value
}

/// Writes a value as its text.
func encodeLossless(_ value: some LosslessStringConvertible, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value.description)
}
