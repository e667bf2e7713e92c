/// The two families of the Internet protocol.
public enum AddressFamily: String, Sendable, Codable, Hashable, CaseIterable {
    case ipv4
    case ipv6

    /// Number of bits in an address: 32 or 128.
    public var bitWidth: Int { self == .ipv4 ? 32 : 128 }

    /// Length of a bare IP header of this family in bytes (RFC 791, RFC 8200).
    public var headerLength: Int { self == .ipv4 ? 20 : 40 }

    /// The IP protocol number of this family carried inside IP: 4 `ipencap` (RFC 2003) or 41 `ipv6` (RFC 2473).
    public var encapsulationProtocol: IPProtocol { self == .ipv4 ? .ipencap : .ipv6 }
}

/// An IPv4 or IPv6 address: its family, and its bits as a number in host order.
///
/// Parsing is strict: dotted quads have four decimal parts without leading zeros (RFC 6943, 3.1.1), IPv6 follows
/// RFC 4291, 2.2 without a zone. Printing is canonical (RFC 5952). Addresses order by family, then by number.
public struct IPAddress: Sendable, Hashable {
    /// In two halves, so that an address and what holds it take less room than with a number of 128 bits and its alignment.
    private let low: UInt64, high: UInt64
    public let family: AddressFamily

    /// The address as a number; for IPv4 only the low 32 bits are used.
    public var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

    public init(v4 bits: UInt32) {
        family = .ipv4
        (low, high) = (UInt64(bits), 0)
    }

    public init(v6 bits: UInt128) { self.init(family: .ipv6, bits: bits) }

    init(family: AddressFamily, bits: UInt128) {
        self.family = family
        low = UInt64(truncatingIfNeeded: bits)
        high = UInt64(truncatingIfNeeded: bits >> 64)
    }

    /// By its number alone: few addresses of two families share one.
    public func hash(into hasher: inout Hasher) {
        if high != 0 { hasher.combine(high) }
        hasher.combine(low)
    }

    /// The address of 4 or 16 bytes in network order; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self.init(v4: Self.number(bytes))
        case 16: self.init(v6: Self.number(bytes))
        default: return nil
        }
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: some Collection<UInt8>) -> Number {
        bytes.withContiguousStorageIfAvailable { $0.reduce(0) { $0 << 8 | Number($1) } }
            ?? bytes.reduce(0) { $0 << 8 | Number($1) }
    }

    /// The address in network order: 4 or 16 bytes.
    public var bytes: [UInt8] { withBytes { Array($0) } }

    /// The same, where they are only looked at.
    public func withBytes<Result>(_ body: (Slice<UnsafeRawBufferPointer>) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: bits.bigEndian) { try body($0.suffix(family.bitWidth / 8)) }
    }

    /// The address `distance` after this one, or nil past the end of the family's space.
    public func advanced(by distance: UInt128) -> IPAddress? {
        let (sum, overflow) = bits.addingReportingOverflow(distance)
        guard !overflow, family == .ipv6 || sum <= UInt128(UInt32.max) else { return nil }
        return IPAddress(family: family, bits: sum)
    }
}

extension IPAddress: Comparable {
    public static func < (a: IPAddress, b: IPAddress) -> Bool {
        a.family == b.family ? (a.high, a.low) < (b.high, b.low) : a.family == .ipv4
    }
}

extension IPAddress: QuickHashable {
    package func combine(into hash: inout QuickHash) {
        if high != 0 { hash.combine(high) }
        hash.combine(low)
    }

    public func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
}

extension IPAddress: LosslessStringConvertible {
    public init?(_ description: String) {
        guard description.utf8.count <= AddressText.maximumLength else { return nil }
        self.init(text: Array(description.utf8)[...])
    }

    /// The address that `text` is, in ASCII.
    public init?(text: ArraySlice<UInt8>) {
        if text.contains(UInt8(ascii: ":")) {
            guard let bits = AddressText.ipv6(text) else { return nil }
            self.init(v6: bits)
        } else {
            guard let bits = AddressText.ipv4(text) else { return nil }
            self.init(v4: bits)
        }
    }

    /// The canonical text: a dotted quad, or RFC 5952's lower-case form with the longest run of zeros as `::`.
    public var description: String {
        if family == .ipv4 { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: bits >> UInt128($0)) }
        var longest = 0..<0, start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > longest.count { longest = start..<end }
            start = end + 1
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard longest.count > 1 else { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}

extension IPAddress: Codable {
    public init(from decoder: any Decoder) throws { self = try decodeLossless(from: decoder, what: "IP address") }
    public func encode(to encoder: any Encoder) throws { try encodeLossless(self, to: encoder) }
}

/// An address and a UDP or TCP port. Its text is `192.0.2.1:4500` or `[2001:db8::1]:4500`.
public struct Endpoint: Sendable, Hashable, Codable, CustomStringConvertible {
    public let address: IPAddress
    public let port: UInt16
    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads `192.0.2.1:7443` or `[2001:db8::1]:7443`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        let host = text[..<colon], isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard let address = IPAddress(String(isBracketed ? host.dropFirst().dropLast() : host)),
            (address.family == .ipv6) == isBracketed
        else { return nil }
        self.init(address: address, port: port)
    }

    public var description: String { address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
