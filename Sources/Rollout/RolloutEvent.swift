import WarrenModel

/// What a roll-out is told. Events of sites that it does not touch are taken and change nothing.
public enum RolloutEvent: Sendable, Equatable {
    /// A gateway opened a stream, and says on it what it runs.
    case connected(SiteName, version: StateVersion, isOnTrial: Bool)
    /// Its stream ended, or it is silent on it.
    case disconnected(SiteName)
    case reported(GatewayAccount)
    /// The link is up by probe (`LinkState.up`), or is not any longer.
    case link(LinkID, isUp: Bool)
    /// Time has passed; due at `Rollout.deadline`.
    case tick
    /// The controller started anew: whoever was connected is not, links are unknown, and timers begin again.
    case restarted
    case command(RolloutCommand)
}

/// What an operator may ask of a roll-out.
public enum RolloutCommand: Sendable, Equatable, Codable {
    /// No further offers; what is on trial is still confirmed.
    case pause
    /// Goes on after a pause or a halt. Gateways that failed are tried once more, but for those of `without`: they, and those
    /// that are late, are not waited for any longer.
    case resume(without: Set<SiteName>)
    /// Ends the roll-out: every gateway stays with what it was last offered.
    case abort
    case rollBack
}

/// The part of a gateway's report that a roll-out goes by.
public struct GatewayAccount: Sendable, Equatable {
    public var site: SiteName
    /// What the gateway runs.
    public var version: StateVersion
    public var isOnTrial: Bool
    /// The newest state that it was given and does not run.
    public var rejected: StateVersion?
    public var failure: String?
    /// The peers to which an alternative still carries the packets, not what the gateway's state prefers; in order.
    public var onAlternative: [SiteName]

    public init(
        site: SiteName, version: StateVersion, isOnTrial: Bool = false, rejected: StateVersion? = nil, failure: String? = nil,
        onAlternative: [SiteName] = []
    ) {
        self.site = site
        self.version = version
        self.isOnTrial = isOnTrial
        self.rejected = rejected
        self.failure = failure
        self.onAlternative = onAlternative
    }

    public init(_ report: AgentReport) {
        let ike = report.ike
        let onAlternative = ike.indices.lazy.filter { ike[$0].runsAsPreferred == false }.map { ike[$0].peer }
        self.init(
            site: report.site, version: report.version, isOnTrial: report.isOnTrial, rejected: report.rejected,
            failure: report.failure, onAlternative: onAlternative.sorted())
    }
}
