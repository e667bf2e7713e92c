import WarrenModel
import WarrenPlan

/// What a roll-out asks the controller to do. The state is kept on disk first; an action that is lost in a crash is asked
/// for again when the gateway connects.
public enum RolloutAction: Sendable, Equatable {
    case offer(RolloutOffer)
    /// Tell the gateway, on the stream that it opened last, that this version is to stay.
    case confirm(SiteName, StateVersion)
    case note(RolloutNote)
    /// The last action of all.
    case finished(RolloutOutcome)
}

/// A state that a gateway is to run: `GatewayPlan.transition(from:to:at:)` of the step, under the version.
public struct RolloutOffer: Sendable, Hashable, Codable {
    public let site: SiteName
    public let step: TransitionStep
    public let version: StateVersion
    /// The gateway goes back by itself when it is not confirmed within these seconds.
    public let trialSeconds: UInt32

    public init(site: SiteName, step: TransitionStep, version: StateVersion, trialSeconds: UInt32) {
        self.site = site
        self.step = step
        self.version = version
        self.trialSeconds = trialSeconds
    }
}

/// Something that an operator will want to read later.
public struct RolloutNote: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case stepStarted, waveStarted, waveDone, siteFailed, siteLate, siteReturned, waiting, paused, resumed, halted, finished
    }
    public let kind: Kind
    public let site: SiteName?
    public let text: String

    public init(_ kind: Kind, site: SiteName? = nil, _ text: String) {
        self.kind = kind
        self.site = site
        self.text = text
    }
}

/// How a roll-out ended.
public enum RolloutOutcome: Sendable, Equatable, Codable {
    /// Every gateway had its turn; those that are late or failed, within what was allowed, are named in the view.
    case completed
    case aborted
    /// The controller shall accept the content of the generation before as a new generation, and lead the gateways that were
    /// touched there by a roll-out of the strategy `rollingBack`.
    case rolledBack(reason: String)
}
