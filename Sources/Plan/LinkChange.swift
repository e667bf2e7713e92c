import WarrenModel

/// What a change does to the packets that a link carries, from nothing to all.
public enum LinkEffect: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// The link goes on; what changes does not touch its packets.
    case none
    /// The link goes on, and leads to other networks than before.
    case reroutes
    /// New security associations are made beside the old ones, which carry on until then: no packet waits.
    case renegotiates
    /// Its tunnel is replaced: packets may be lost until both ends run the new one.
    case restarts
    case starts
    case ends

    public static func < (a: LinkEffect, b: LinkEffect) -> Bool { a.rank < b.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What differs of a link, at either end.
public struct LinkAspects: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let starts = LinkAspects(rawValue: 1 << 0)
    public static let ends = LinkAspects(rawValue: 1 << 1)
    public static let outerAddresses = LinkAspects(rawValue: 1 << 2)
    public static let innerAddresses = LinkAspects(rawValue: 1 << 3)
    public static let interface = LinkAspects(rawValue: 1 << 4)
    public static let mode = LinkAspects(rawValue: 1 << 5)
    public static let selectors = LinkAspects(rawValue: 1 << 6)
    public static let parameters = LinkAspects(rawValue: 1 << 7)
    public static let key = LinkAspects(rawValue: 1 << 8)
    public static let routes = LinkAspects(rawValue: 1 << 9)
    public static let mtu = LinkAspects(rawValue: 1 << 10)
    public static let firewall = LinkAspects(rawValue: 1 << 11)

    private static let words: [(aspect: LinkAspects, word: String)] = [
        (.outerAddresses, "public addresses"), (.innerAddresses, "private addresses"), (.interface, "interface"),
        (.mode, "esp mode"), (.selectors, "selectors"), (.parameters, "ipsec parameters"), (.key, "key"), (.routes, "routes"),
        (.mtu, "mtu"), (.firewall, "firewall"),
    ]

    /// What the link's packets notice.
    public var effect: LinkEffect {
        if contains(.starts) { return contains(.ends) ? .restarts : .starts }
        if contains(.ends) { return .ends }
        if !isDisjoint(with: [.outerAddresses, .innerAddresses, .interface, .mode]) { return .restarts }
        if !isDisjoint(with: [.selectors, .parameters, .key]) { return .renegotiates }
        return contains(.routes) ? .reroutes : .none
    }

    /// What differs, in words; nothing for a link that starts or ends, for then all does.
    public var reasons: [String] {
        switch effect {
        case .starts, .ends: []
        case .restarts where contains(.starts): ["interface"]
        default: Self.words.filter { contains($0.aspect) }.map(\.word)
        }
    }
}

/// One link that a change touches.
public struct LinkChange: Sendable, Hashable, Codable {
    public var link: LinkID
    public var effect: LinkEffect
    /// What differs, in words: `public addresses`, `key`, `routes`, …
    public var reasons: [String]

    public init(link: LinkID, effect: LinkEffect, reasons: [String] = []) {
        self.link = link
        self.effect = effect
        self.reasons = reasons
    }

    init(link: LinkID, aspects: LinkAspects) {
        self.init(link: link, effect: aspects.effect, reasons: aspects.reasons)
    }
}
