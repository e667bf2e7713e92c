import WarrenModel

/// What state a link is in, by the rules of `LinkStatus.derive`.
public enum LinkState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Both reports fresh, SPIs match crosswise, and a probe answered through the tunnel.
    case up
    /// SAs stand, yet something is wrong: the reason says what.
    case degraded
    case connecting
    /// There can be none yet: the public address of an end is not known.
    case waiting
    case down
    /// A report is missing or stale.
    case unknown
}

/// One link as both of its ends see it.
public struct LinkStatus: Sendable, Hashable, Codable {
    public var link: LinkID
    public var state: LinkState
    /// A sentence that says why the link is not up, or, when it is, what is odd about it; nil when there is nothing to say.
    public var reason: String?
    public var roundTripMilliseconds: Double?

    public init(link: LinkID, state: LinkState, reason: String? = nil, roundTripMilliseconds: Double? = nil) {
        self.link = link
        self.state = state
        self.reason = reason
        self.roundTripMilliseconds = roundTripMilliseconds
    }
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
    /// In order of links.
    public var links: [LinkStatus]

    public init(
        mesh: String, generation: Generation, isRollingOut: Bool? = nil, sites: [SiteStatus], links: [LinkStatus]
    ) {
        self.isRollingOut = isRollingOut
        self.mesh = mesh
        self.generation = generation
        self.sites = sites
        self.links = links
    }

    /// Every gateway runs what it shall without fault or drift, every link is up, and no roll-out is under way.
    public var isWell: Bool {
        isRollingOut != true && links.allSatisfy { $0.state == .up }
            && sites.allSatisfy {
                $0.connected && $0.isCurrent(in: generation) && $0.failure == nil && $0.drift.isEmpty
            }
    }
}
