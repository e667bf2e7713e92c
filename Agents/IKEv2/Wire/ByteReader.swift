/// Why bytes are not an IKE message that we can use.
enum WireError: Error, Equatable {
    case truncated
    case trailingBytes
    case badLength
    case unsupportedMajorVersion(UInt8)
    /// RFC 7296, 2.5: the payload's type goes into the notify.
    case unsupportedCriticalPayload(UInt8)
    case tooMany
    case malformed
}

/// A checked view of bytes: each read either yields what is there or throws.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isEmpty: Bool { rest.isEmpty }
    var count: Int { rest.count }

    mutating func byte() throws(WireError) -> UInt8 {
        guard let value = rest.popFirst() else { throw .truncated }
        return value
    }

    mutating func uint16() throws(WireError) -> UInt16 {
        let high = try byte()
        return UInt16(high) << 8 | UInt16(try byte())
    }

    mutating func uint32() throws(WireError) -> UInt32 {
        let high = try uint16()
        return UInt32(high) << 16 | UInt32(try uint16())
    }

    mutating func uint64() throws(WireError) -> UInt64 {
        let high = try uint32()
        return UInt64(high) << 32 | UInt64(try uint32())
    }

    mutating func bytes(_ count: Int) throws(WireError) -> [UInt8] { Array(try slice(count)) }

    mutating func slice(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// The next `count` bytes as a view of their own.
    mutating func reader(_ count: Int) throws(WireError) -> ByteReader { ByteReader(try slice(count)) }

    mutating func remaining() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }
}

/// Collects bytes in network order.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func uint16(_ value: UInt16) {
        byte(UInt8(truncatingIfNeeded: value >> 8))
        byte(UInt8(truncatingIfNeeded: value))
    }
    mutating func uint32(_ value: UInt32) {
        uint16(UInt16(truncatingIfNeeded: value >> 16))
        uint16(UInt16(truncatingIfNeeded: value))
    }
    mutating func uint64(_ value: UInt64) {
        uint32(UInt32(truncatingIfNeeded: value >> 32))
        uint32(UInt32(truncatingIfNeeded: value))
    }
    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Writes `body` behind a 16-bit length that counts itself, `before` bytes ahead of it, and the body.
    mutating func sized(before: Int, _ body: (inout ByteWriter) -> Void) {
        var inner = ByteWriter()
        body(&inner)
        uint16(UInt16(clamping: before + 2 + inner.bytes.count))
        append(inner.bytes)
    }
}
