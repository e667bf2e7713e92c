/// Reads numbers and runs of bytes one after the other; nil, and no step, where there is not enough.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    /// The order of `uint16` and `uint32`: network order unless told otherwise.
    var isLittleEndian = false

    init(_ bytes: some Collection<UInt8>) {
        self.bytes = ArraySlice(bytes)
        position = self.bytes.startIndex
    }

    var offset: Int { position - bytes.startIndex }
    var remaining: Int { bytes.endIndex - position }
    /// Whatever was not read yet.
    var rest: ArraySlice<UInt8> { bytes[position...] }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Steps over `count` bytes, or to the end.
    mutating func skip(_ count: Int) { position += min(max(count, 0), remaining) }

    mutating func uint8() -> UInt8? { bytes(1)?.first }
    mutating func uint16() -> UInt16? { bytes(2).map { UInt16(truncatingIfNeeded: number($0)) } }
    mutating func uint32() -> UInt32? { bytes(4).map { UInt32(truncatingIfNeeded: number($0)) } }

    private func number(_ part: ArraySlice<UInt8>) -> UInt64 {
        isLittleEndian
            ? part.reversed().reduce(0) { $0 << 8 | UInt64($1) } : part.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
