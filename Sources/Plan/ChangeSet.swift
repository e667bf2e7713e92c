import WarrenModel

/// The difference between two meshes as data: how far it reaches, then gateway by gateway and link by link.
public struct ChangeSet: Sendable, Hashable, Codable {
    public var summary: ChangeSummary
    /// Those that something changes on, in byte order.
    public var gateways: [GatewayChange]
    /// Those that something changes of, in order; when `isShortened`, the ones of the greatest effect first, and not all.
    public var links: [LinkChange]
    /// Too much to be told whole: some gateways lack their changes, or some links are left out. The summary counts all.
    public var isShortened: Bool

    public var isEmpty: Bool { summary.isEmpty }

    public init(summary: ChangeSummary, gateways: [GatewayChange], links: [LinkChange], isShortened: Bool = false) {
        self.summary = summary
        self.gateways = gateways
        self.links = links
        self.isShortened = isShortened
    }

}

/// How many things are added, changed and removed.
public struct ChangeCounts: Sendable, Hashable, Codable {
    public var add = 0
    public var change = 0
    public var remove = 0

    public init(add: Int = 0, change: Int = 0, remove: Int = 0) {
        self.add = add
        self.change = change
        self.remove = remove
    }

    public var total: Int { add + change + remove }

    mutating func count(_ kind: Change.Kind, _ number: Int = 1) {
        switch kind {
        case .add: add += number
        case .change: change += number
        case .remove: remove += number
        }
    }

    static func += (sum: inout ChangeCounts, more: ChangeCounts) {
        sum.add += more.add
        sum.change += more.change
        sum.remove += more.remove
    }
}

/// One gateway that a change touches.
public struct GatewayChange: Sendable, Hashable, Codable {
    public enum Effect: String, Sendable, Hashable, Codable, CaseIterable {
        /// It goes on, with changes.
        case changes
        case joins
        case leaves
        /// It had tunnels and has none after.
        case isolated
    }

    public var site: SiteName
    public var effect: Effect
    public var counts: ChangeCounts
    /// In the order of `Plan.changes`; nil where they are left out of a set that is shortened.
    public var changes: [Change]?

    public init(site: SiteName, effect: Effect, counts: ChangeCounts, changes: [Change]? = nil) {
        self.site = site
        self.effect = effect
        self.counts = counts
        self.changes = changes
    }
}

/// How far a change reaches.
public struct ChangeSummary: Sendable, Hashable, Codable {
    /// Gateways before the change and after it, those of both once.
    public var gatewaysInAll = 0
    /// Gateways that something changes on.
    public var gateways = 0
    /// Links that something changes of, by effect; effects that no link has are left out.
    public var links: [LinkEffect: Int] = [:]
    public var joins: [SiteName] = []
    public var leaves: [SiteName] = []
    /// Sites that had tunnels and have none after.
    public var isolated: [SiteName] = []
    public var counts = ChangeCounts()
    /// Tells this difference from others: the same for the same gateways, counts, links and effects. It proves nothing to
    /// somebody who does not trust where it came from.
    public var fingerprint = ""

    public init() {}

    /// Nothing changes.
    public var isEmpty: Bool { gateways == 0 }
    public var linksInAll: Int { links.values.reduce(0, +) }
    public func links(_ effect: LinkEffect) -> Int { links[effect] ?? 0 }
}

extension LinkEffect: CodingKeyRepresentable {}
