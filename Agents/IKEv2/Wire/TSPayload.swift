import WarrenModel

/// One traffic selector as it travels (RFC 7296, 3.13.1): a range of addresses, a protocol, a range of ports.
struct WireTrafficSelector: Equatable {
    var ipProtocol: IPProtocol
    var firstPort: UInt16
    var lastPort: UInt16
    var first: IPAddress
    var last: IPAddress

    init(ipProtocol: IPProtocol, firstPort: UInt16 = 0, lastPort: UInt16 = .max, first: IPAddress, last: IPAddress) {
        self.ipProtocol = ipProtocol
        self.firstPort = firstPort
        self.lastPort = lastPort
        self.first = first
        self.last = last
    }

    init(_ prefix: IPPrefix, _ ipProtocol: IPProtocol) {
        self.init(ipProtocol: ipProtocol, first: prefix.first, last: prefix.last)
    }

    /// Whether everything that `other` describes is described by this one too.
    func contains(_ other: WireTrafficSelector) -> Bool {
        (ipProtocol == .any || ipProtocol == other.ipProtocol) && first.family == other.first.family
            && first <= other.first && other.last <= last && firstPort <= other.firstPort && other.lastPort <= lastPort
    }
}

/// The body of TSi and TSr (RFC 7296, 3.13).
enum TSPayload {
    private static let ipv4Range: UInt8 = 7
    private static let ipv6Range: UInt8 = 8

    static func parse(_ body: ByteReader) throws(WireError) -> [WireTrafficSelector] {
        var reader = body
        let count = try reader.byte()
        _ = try reader.bytes(3)
        var selectors: [WireTrafficSelector] = []
        for _ in 0..<count {
            let type = try reader.byte(), ipProtocol = IPProtocol(rawValue: try reader.byte())
            let length = try reader.uint16()
            guard length >= 8 else { throw .badLength }
            var inner = try reader.reader(Int(length) - 4)
            let firstPort = try inner.uint16(), lastPort = try inner.uint16()
            // A selector of another type can't be chosen; it is passed over (RFC 7296, 3.13.1).
            guard type == ipv4Range || type == ipv6Range else { continue }
            let width = type == ipv4Range ? 4 : 16
            guard let first = IPAddress(bytes: try inner.bytes(width)), let last = IPAddress(bytes: try inner.bytes(width)),
                inner.isEmpty
            else { throw .malformed }
            selectors.append(
                WireTrafficSelector(ipProtocol: ipProtocol, firstPort: firstPort, lastPort: lastPort, first: first, last: last))
        }
        guard reader.isEmpty else { throw .trailingBytes }
        return selectors
    }

    static func encode(_ selectors: [WireTrafficSelector], into writer: inout ByteWriter) {
        writer.byte(UInt8(clamping: selectors.count))
        writer.append([0, 0, 0])
        for selector in selectors {
            writer.byte(selector.first.family == .ipv4 ? ipv4Range : ipv6Range)
            writer.byte(selector.ipProtocol.rawValue)
            writer.sized(before: 2) { writer in
                writer.uint16(selector.firstPort)
                writer.uint16(selector.lastPort)
                writer.append(selector.first.bytes)
                writer.append(selector.last.bytes)
            }
        }
    }
}
