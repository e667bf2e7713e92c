/// The 32-bit identity of an ESP security association, chosen by its receiver; 0…255 are reserved (RFC 4303, 2.1).
public struct SPI: RawRepresentable, Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let smallestAllowed = SPI(rawValue: 256)
    /// Eight hexadecimal digits, as `ip xfrm state` and `setkey -D` print it.
    public var description: String { "0x" + hexadecimal(UInt64(rawValue), digits: 8) }
    public static func < (a: SPI, b: SPI) -> Bool { a.rawValue < b.rawValue }
}

/// The 64-bit identity that one end gives an IKE SA (RFC 7296, 2.6); 0 means "not yet chosen".
public struct IKESPI: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let zero = IKESPI(rawValue: 0)
    public var description: String { hexadecimal(rawValue, digits: 16) }
}

private func hexadecimal(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// Whether ESP adds an IP header of its own (tunnel) or protects the payload of the one that is there (transport).
public enum IPsecMode: String, Sendable, Hashable, Codable, CaseIterable {
    case tunnel
    case transport
}

/// Which packets a policy or a child SA speaks of: both prefixes, and the protocol between them; ports are all.
public struct TrafficSelector: Sendable, Hashable, Codable, CustomStringConvertible {
    public let source: IPPrefix
    public let destination: IPPrefix
    public let ipProtocol: IPProtocol

    public init(source: IPPrefix, destination: IPPrefix, ipProtocol: IPProtocol) {
        self.source = source
        self.destination = destination
        self.ipProtocol = ipProtocol
    }

    public var reversed: TrafficSelector {
        TrafficSelector(source: destination, destination: source, ipProtocol: ipProtocol)
    }

    public var description: String { "\(source) \(destination) \(ipProtocol)" }
}

extension TrafficSelector: QuickHashable {
    package func combine(into hash: inout QuickHash) {
        source.combine(into: &hash)
        destination.combine(into: &hash)
        hash.combine(UInt64(ipProtocol.rawValue))
    }

    public func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
}
