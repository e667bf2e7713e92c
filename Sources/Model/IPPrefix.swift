/// A canonical CIDR prefix (RFC 4632, RFC 4291): an address whose bits past `length` are all zero.
public struct IPPrefix: Sendable, Hashable {
    /// The lowest address of the prefix.
    public let address: IPAddress
    private let width: UInt8

    /// Number of leading bits that are fixed: 0…32 or 0…128.
    public var length: Int { Int(width) }

    /// The prefix of `length` bits that holds `address`; nil when the family has no such length.
    public init?(containing address: IPAddress, length: Int) {
        guard (0...address.family.bitWidth).contains(length) else { return nil }
        self.address = IPAddress(family: address.family, bits: address.bits & Self.mask(address.family, length))
        width = UInt8(length)
    }

    /// The prefix that is just `address`: /32 or /128.
    public init(host address: IPAddress) {
        self.address = address
        width = UInt8(address.family.bitWidth)
    }

    public var family: AddressFamily { address.family }

    /// The lowest address.
    public var first: IPAddress { address }

    /// The highest address: for IPv4 the broadcast address.
    public var last: IPAddress {
        let all = family == .ipv4 ? UInt128(UInt32.max) : .max
        return IPAddress(family: family, bits: address.bits | (all & ~Self.mask(family, length)))
    }

    /// The netmask as an address: /24 is 255.255.255.0.
    public var netmask: IPAddress { IPAddress(family: family, bits: Self.mask(family, length)) }

    public func contains(_ other: IPAddress) -> Bool {
        other.family == family && other.bits & Self.mask(family, length) == address.bits
    }

    public func contains(_ other: IPPrefix) -> Bool { other.length >= length && contains(other.address) }

    public func overlaps(_ other: IPPrefix) -> Bool { contains(other) || other.contains(self) }

    private static func mask(_ family: AddressFamily, _ length: Int) -> UInt128 {
        let width = family.bitWidth
        let all = family == .ipv4 ? UInt128(UInt32.max) : .max
        return length == 0 ? 0 : all & (all << UInt128(width - length))
    }
}

extension IPPrefix: Comparable {
    /// By address, then wider before narrower: a prefix comes just before what it contains.
    public static func < (a: IPPrefix, b: IPPrefix) -> Bool {
        a.address == b.address ? a.length < b.length : a.address < b.address
    }
}

extension IPPrefix: QuickHashable {
    package func combine(into hash: inout QuickHash) {
        address.combine(into: &hash)
        hash.combine(UInt64(width))
    }

    public func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
}

extension IPPrefix: LosslessStringConvertible {
    /// Nil also for text with host bits set (`192.168.1.5/24`): see `parse` for a caller that wants to say so.
    public init?(_ description: String) {
        guard let (address, length) = Self.parse(description),
            let prefix = IPPrefix(containing: address, length: length), prefix.address == address
        else { return nil }
        self = prefix
    }

    /// As from a string, for a caller that has many of them in one text.
    public init?(text: ArraySlice<UInt8>) {
        guard let (address, length) = Self.parse(text), let prefix = IPPrefix(containing: address, length: length),
            prefix.address == address
        else { return nil }
        self = prefix
    }

    /// The two halves of `ADDRESS/LENGTH`, host bits kept; nil when either is not well-formed.
    public static func parse(_ text: String) -> (address: IPAddress, length: Int)? {
        guard text.utf8.count <= AddressText.maximumLength + 4 else { return nil }
        return parse(Array(text.utf8)[...])
    }

    private static func parse(_ text: ArraySlice<UInt8>) -> (address: IPAddress, length: Int)? {
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")), let address = IPAddress(text: text[..<slash]) else {
            return nil
        }
        let digits = text[(slash + 1)...]
        guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
            digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { return nil }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        return length <= address.family.bitWidth ? (address, length) : nil
    }

    public var description: String { "\(address)/\(length)" }
}

extension IPPrefix: Codable {
    public init(from decoder: any Decoder) throws { self = try decodeLossless(from: decoder, what: "prefix") }
    public func encode(to encoder: any Encoder) throws { try encodeLossless(self, to: encoder) }
}
