/// The name of a site: 1…32 of `a-z 0-9 -`, starting with a letter, not ending in a hyphen, no two hyphens in a row.
///
/// The allow-list keeps a name safe in file names, interface aliases, certificates and shells of other tools.
public struct SiteName: Sendable, Hashable, LosslessStringConvertible {
    public static let maximumLength = 32
    public let description: String

    public init?(_ description: String) {
        let bytes = description.utf8
        guard (1...Self.maximumLength).contains(bytes.count),
            bytes.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }),
            let first = bytes.first, (97...122).contains(first), bytes.last != 45,
            description.firstRange(of: "--") == nil
        else { return nil }
        self.description = description
    }
}

extension SiteName: Comparable {
    /// Byte order: of ASCII, a string's own order is that.
    public static func < (a: SiteName, b: SiteName) -> Bool { a.description < b.description }
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
