import WarrenModel

/// What state a link is in, by the rules of `LinkStatus.derive`.
public enum LinkState: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
    /// Both reports fresh, SPIs match crosswise, and a probe answered through the tunnel.
    case up
    /// SAs stand, yet something is wrong: the reason says what.
    case degraded
    case connecting
    /// There can be none yet: the public address of an end is not known.
    case waiting
    case down
    /// There is none for now: an end is drained.
    case drained
    /// A report is missing or stale.
    case unknown

    /// Nothing is to be done about it: it is up, or shall not be.
    public var isWell: Bool { self == .up || self == .drained }
}

/// One site's gateway as the controller knows it.
public struct SiteStatus: Sendable, Hashable, Codable {
    public var site: SiteName
    /// Its agent has a session now.
    public var connected: Bool
    public var lastReportSecondsAgo: Double?
    public var applied: Generation
    /// What it runs; nil when it has not reported since the controller started.
    public var version: StateVersion?
    /// What it shall run by now: during a roll-out, what it ran before until its turn comes. Nil: what its generation says.
    public var intended: StateVersion?
    /// It runs that on trial.
    public var isOnTrial: Bool?
    public var drift: [String]
    public var failure: String?

    /// It runs what it shall.
    public func isCurrent(in generation: Generation) -> Bool {
        intended.map { $0 == version } ?? (applied == generation)
    }

    public init(
        site: SiteName, connected: Bool, lastReportSecondsAgo: Double? = nil, applied: Generation = .none,
        version: StateVersion? = nil, intended: StateVersion? = nil, isOnTrial: Bool? = nil, drift: [String] = [],
        failure: String? = nil
    ) {
        self.version = version
        self.intended = intended
        self.isOnTrial = isOnTrial
        self.site = site
        self.connected = connected
        self.lastReportSecondsAgo = lastReportSecondsAgo
        self.applied = applied
        self.drift = drift
        self.failure = failure
    }
}

/// The whole mesh at one moment.
public struct MeshStatus: Sendable, Hashable, Codable {
    public var mesh: String
    /// The generation that every gateway shall run in the end.
    public var generation: Generation
    /// A roll-out leads them there: not every gateway shall run it by now.
    public var isRollingOut: Bool?
    /// In order of names.
    public var sites: [SiteStatus]
    /// In order of links; those that were asked for.
    public var links: [LinkStatus]
    /// Of the whole mesh, whatever was asked for.
    public var counts: MeshCounts?
    /// Of the whole mesh, where that was asked for.
    public var groups: MeshGroups?

    public init(
        mesh: String, generation: Generation, isRollingOut: Bool? = nil, sites: [SiteStatus], links: [LinkStatus],
        counts: MeshCounts? = nil, groups: MeshGroups? = nil
    ) {
        self.counts = counts
        self.groups = groups
        self.isRollingOut = isRollingOut
        self.mesh = mesh
        self.generation = generation
        self.sites = sites
        self.links = links
    }

    /// Those of `links` that shall be: no end of them is drained.
    public var activeLinks: [LinkStatus] { links.filter { $0.state != .drained } }

    /// Every gateway runs what it shall without fault or drift, every link that shall be is up, and no roll-out is under way.
    public var isWell: Bool {
        isRollingOut != true && links.allSatisfy(\.isWell) && counts?.unwellLinks ?? 0 == 0
            && sites.allSatisfy {
                $0.connected && $0.isCurrent(in: generation) && $0.failure == nil && $0.drift.isEmpty
            }
    }
}

/// How many there are of what, in the whole mesh.
public struct MeshCounts: Sendable, Hashable, Codable {
    /// By state; a state that no link is in may be missing.
    public var links: [LinkState: Int]
    /// Of these links, those that come and go.
    public var flappingLinks: Int
    /// Of those that come and go, those that are up at this moment and told as degraded.
    public var heldLinks: Int
    public var sites: Int
    public var connectedSites: Int

    public init(
        links: [LinkState: Int] = [:], flappingLinks: Int = 0, heldLinks: Int = 0, sites: Int = 0, connectedSites: Int = 0
    ) {
        self.links = links
        self.flappingLinks = flappingLinks
        self.heldLinks = heldLinks
        self.sites = sites
        self.connectedSites = connectedSites
    }

    /// Those that something is to be done about.
    public var unwellLinks: Int { links.reduce(0) { $1.key.isWell ? $0 : $0 + $1.value } - heldLinks }
}
