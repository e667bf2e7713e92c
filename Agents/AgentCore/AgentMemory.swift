import WarrenModel

/// What an agent keeps on disk, as it is found when the agent starts.
public struct AgentMemory: Sendable, Equatable {
    /// What the gateway ran last that needs no confirmation any more.
    public var good: DesiredState?
    /// Why there is no such state although there was one; nil when there never was, or is.
    public var goodFault: String?
    /// The last good state of an earlier generation.
    public var previous: DesiredState?
    public var trial: KeptTrial
    public var rejection: Rejection?

    public init(
        good: DesiredState? = nil, goodFault: String? = nil, previous: DesiredState? = nil, trial: KeptTrial = .none,
        rejection: Rejection? = nil
    ) {
        self.good = good
        self.goodFault = goodFault
        self.previous = previous
        self.trial = trial
        self.rejection = rejection
    }
}

/// A trial that was under way when the agent ended.
public enum KeptTrial: Sendable, Equatable {
    case none
    /// The gateway has not been restarted since; whether time is left is for the state to judge.
    case running(Trial)
    /// It cannot go on, and why, as the end of a sentence that begins with the state's name; nil when it cannot be read.
    case over(DesiredState?, String)
}

/// A desired state that the gateway went back from. It is not applied again; a newer one is.
public struct Rejection: Sendable, Hashable, Codable {
    /// `.none` when not even that is known.
    public var version: StateVersion
    public var reason: String
    /// Somebody on the gateway went back, with nothing wrong in the agent's eyes.
    public var isByOperator: Bool

    public init(version: StateVersion, reason: String, isByOperator: Bool = false) {
        self.version = version
        self.reason = reason
        self.isByOperator = isByOperator
    }
}

extension DesiredState {
    /// What a gateway runs that has nothing to go back to: nothing of Warren's, so that it reaches the world as it did
    /// before its first desired state.
    static func withdrawn(_ site: SiteName, mesh: String) -> DesiredState {
        DesiredState(
            mesh: mesh, version: .none,
            plan: .init(
                site: site, platform: .embedded, index: 0, outerAddresses: [], innerAddress: IPAddress(v4: 0), networks: []),
            keys: [:])
    }

    /// It asks for nothing.
    var isWithdrawn: Bool { version == .none }
}
