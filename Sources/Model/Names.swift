/// The name of a site: 1…32 of `a-z 0-9 -`, starting with a letter, not ending in a hyphen, no two hyphens in a row.
///
/// The allow-list keeps a name safe in file names, interface aliases, certificates and shells of other tools.
///
/// A mesh of a thousand sites has millions of names in its links, policies and keys: a name holds its bytes itself, so that none
/// is counted as a reference, and names are copied, compared and hashed as numbers.
public struct SiteName: Sendable, Hashable, LosslessStringConvertible {
    public static let maximumLength = 32
    /// The name's bytes, the first in the highest place, then zeros.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    public init?(_ description: String) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var count = 0
        var last: UInt8 = 45
        for byte in description.utf8 {
            let isLetter = (97...122).contains(byte)
            guard count < Self.maximumLength, isLetter || (48...57).contains(byte) || byte == 45,
                count > 0 ? byte != 45 || last != 45 : isLetter
            else { return nil }
            let placed = UInt64(byte) << UInt64(56 - count % 8 * 8)
            switch count / 8 {
            case 0: words.0 |= placed
            case 1: words.1 |= placed
            case 2: words.2 |= placed
            default: words.3 |= placed
            }
            count += 1
            last = byte
        }
        guard last != 45 else { return nil }
        self.words = words
    }

    public var description: String {
        String(unsafeUninitializedCapacity: Self.maximumLength) { bytes in
            var count = 0
            for word in [words.0, words.1, words.2, words.3] {
                var rest = word
                while rest != 0 {
                    bytes[count] = UInt8(truncatingIfNeeded: rest >> 56)
                    count += 1
                    rest <<= 8
                }
            }
            return count
        }
    }

    public static func == (a: SiteName, b: SiteName) -> Bool { a.words == b.words }

    /// Most names are short.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        guard words.1 != 0 else { return }
        hasher.combine(words.1)
        guard words.2 != 0 else { return }
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension SiteName: QuickHashable {
    package func combine(into hash: inout QuickHash) {
        hash.combine(words.0)
        guard words.1 != 0 else { return }
        hash.combine(words.1)
        guard words.2 != 0 else { return }
        hash.combine(words.2)
        hash.combine(words.3)
    }

    public func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
}

extension SiteName: Comparable {
    /// Byte order.
    public static func < (a: SiteName, b: SiteName) -> Bool { a.words < b.words }
}

extension SiteName: Codable, CodingKeyRepresentable {
    public init(from decoder: any Decoder) throws { self = try decodeLossless(from: decoder, what: "site name") }
    public func encode(to encoder: any Encoder) throws { try encodeLossless(self, to: encoder) }

    public var codingKey: any CodingKey { NameKey(description) }
    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// A dictionary key that is a name.
struct NameKey: CodingKey {
    let stringValue: String
    init(_ stringValue: String) { self.stringValue = stringValue }
    init?(stringValue: String) { self.stringValue = stringValue }
    var intValue: Int? { nil }
    init?(intValue: Int) { nil }
}

/// The identity of a site, 16 random bytes as 32 hexadecimal digits: a site deleted and declared again is another site.
public struct SiteID: Sendable, Hashable, LosslessStringConvertible, Codable {
    public let description: String

    public init?(_ description: String) {
        guard description.utf8.count == 32,
            description.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.description = description
    }

    public init(using random: inout some RandomNumberGenerator) {
        description = (0..<16).map { _ in
            let byte = UInt8.random(in: 0...255, using: &random)
            return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    public init(from decoder: any Decoder) throws { self = try decodeLossless(from: decoder, what: "site id") }
    public func encode(to encoder: any Encoder) throws { try encodeLossless(self, to: encoder) }
}

/// A link's identity: its two sites in byte order of their names, so that both ends and the controller say the same.
/// Its text is `berlin--tokyo`: no site's name holds two hyphens in a row, so the text reads back in one way only.
public struct LinkID: Sendable, Hashable, Comparable, CustomStringConvertible, Codable {
    public let first: SiteName
    public let second: SiteName

    /// Nil when both are the same site.
    public init?(_ a: SiteName, _ b: SiteName) {
        guard a != b else { return nil }
        (first, second) = a < b ? (a, b) : (b, a)
    }

    /// Without looking whether the two differ and are in order.
    package init(sorted first: SiteName, _ second: SiteName) {
        (self.first, self.second) = (first, second)
    }

    /// Reads `berlin--tokyo`, in this order alone.
    public init?(_ text: String) {
        guard let separator = text.firstRange(of: "--"), let a = SiteName(String(text[..<separator.lowerBound])),
            let b = SiteName(String(text[separator.upperBound...])), a < b
        else { return nil }
        self.init(a, b)
    }

    public var description: String { "\(first)--\(second)" }
    public var sites: [SiteName] { [first, second] }
    public func contains(_ site: SiteName) -> Bool { site == first || site == second }

    /// The site at the other end, or nil when `site` is at neither.
    public func peer(of site: SiteName) -> SiteName? {
        site == first ? second : site == second ? first : nil
    }

    public static func < (a: LinkID, b: LinkID) -> Bool {
        a.first == b.first ? a.second < b.second : a.first < b.first
    }
}

extension LinkID: QuickHashable {
    package func combine(into hash: inout QuickHash) {
        first.combine(into: &hash)
        second.combine(into: &hash)
    }

    public func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
}

/// As a dictionary's key it is its text.
extension LinkID: CodingKeyRepresentable {
    public var codingKey: any CodingKey { NameKey(description) }
    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// The number of an accepted plan. Grows by one with each; never falls while the epoch stands.
public struct Generation: RawRepresentable, Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let none = Generation(rawValue: 0)
    public var next: Generation { Generation(rawValue: rawValue + 1) }
    public var description: String { String(rawValue) }
    public static func < (a: Generation, b: Generation) -> Bool { a.rawValue < b.rawValue }
}
