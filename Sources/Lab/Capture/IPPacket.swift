import WarrenModel

/// The parts of an IPv4 or IPv6 packet that tell what it carries.
struct IPPacket: CustomStringConvertible {
    struct Fragment {
        let identification: UInt32
        /// Holds the start of the packet's payload.
        let isFirst: Bool
    }

    let source: IPAddress
    let destination: IPAddress
    /// The protocol of `payload`, IPv6 extension headers passed.
    let ipProtocol: UInt8
    /// Nil for a whole packet.
    let fragment: Fragment?
    /// What the IP header's length says is there, link-layer padding cut off.
    let payload: ArraySlice<UInt8>

    var description: String {
        "\(source) to \(destination), protocol \(ipProtocol), \(payload.count) bytes"
    }

    static func parse(_ bytes: ArraySlice<UInt8>, isIPv6: Bool) throws(FrameClassifier.Violation) -> IPPacket {
        guard let packet = isIPv6 ? parseIPv6(bytes) : parseIPv4(bytes) else {
            throw .init("a malformed \(isIPv6 ? "IPv6" : "IPv4") packet of \(bytes.count) bytes")
        }
        return packet
    }

    /// RFC 791, 3.1. A total length of 0 is a super-packet that segmentation offload never cut: all of it counts.
    private static func parseIPv4(_ bytes: ArraySlice<UInt8>) -> IPPacket? {
        var reader = ByteReader(bytes)
        guard let first = reader.uint8(), first >> 4 == 4, reader.uint8() != nil, let total = reader.uint16(),
            let identification = reader.uint16(), let position = reader.uint16(), reader.uint8() != nil,
            let ipProtocol = reader.uint8(), reader.uint16() != nil,
            let source = reader.bytes(4).flatMap({ IPAddress(bytes: $0) }),
            let destination = reader.bytes(4).flatMap({ IPAddress(bytes: $0) })
        else { return nil }
        let headerLength = Int(first & 15) * 4
        let totalLength = total == 0 ? bytes.count : Int(total)
        guard headerLength >= 20, headerLength <= totalLength, totalLength <= bytes.count else { return nil }
        let isFragment = position & 0x3FFF != 0
        return IPPacket(
            source: source, destination: destination, ipProtocol: ipProtocol,
            fragment: isFragment ? Fragment(identification: UInt32(identification), isFirst: position & 0x1FFF == 0) : nil,
            payload: bytes.prefix(totalLength).dropFirst(headerLength))
    }

    /// RFC 8200, 3 and 4: hop-by-hop (0), routing (43), destination options (60) and fragment (44) headers are passed.
    private static func parseIPv6(_ bytes: ArraySlice<UInt8>) -> IPPacket? {
        var reader = ByteReader(bytes)
        guard let first = reader.uint8(), first >> 4 == 6, reader.bytes(3) != nil, let length = reader.uint16(),
            var next = reader.uint8(), reader.uint8() != nil,
            let source = reader.bytes(16).flatMap({ IPAddress(bytes: $0) }),
            let destination = reader.bytes(16).flatMap({ IPAddress(bytes: $0) })
        else { return nil }
        let payloadLength = length == 0 ? reader.remaining : Int(length)
        guard payloadLength <= reader.remaining else { return nil }
        var body = ByteReader(reader.rest.prefix(payloadLength))
        var fragment: Fragment?
        while [0, 43, 44, 60].contains(next) {
            if next == 44 {
                guard let following = body.uint8(), body.uint8() != nil, let position = body.uint16(),
                    let identification = body.uint32()
                else { return nil }
                next = following
                let isFirst = position & 0xFFF8 == 0
                if position & 0xFFF9 != 0 { fragment = Fragment(identification: identification, isFirst: isFirst) }
                if !isFirst { break }
            } else {
                guard let following = body.uint8(), let units = body.uint8(), body.bytes(6 + Int(units) * 8) != nil else {
                    return nil
                }
                next = following
            }
        }
        return IPPacket(source: source, destination: destination, ipProtocol: next, fragment: fragment, payload: body.rest)
    }
}
