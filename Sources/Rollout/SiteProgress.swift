import WarrenModel
import WarrenPlan

/// How far one gateway is.
public enum SiteState: Sendable, Equatable, Codable {
    /// Its turn has not come, or it is waited for to connect.
    case pending
    case offered
    /// It runs its state on trial.
    case onTrial
    /// It was told that the state is to stay.
    case confirmed
    /// It runs its state for good, without failure.
    case settled
    case failed(reason: String)
    /// It was offline when its turn came, and has been since.
    case late
}

struct SiteProgress: Sendable, Equatable, Codable {
    var state = SiteState.pending
    /// When it got into that state.
    var since = MonotonicTime(nanoseconds: 0)
    var offer: RolloutOffer?
    /// The last step that it ran for good.
    var settledStep: TransitionStep?
    /// It refused or undid its last offer.
    var hasRefused = false
    /// Its last offer failed, and is to be made again under a newer version.
    var isToBeRepeated = false
    /// What it last said went wrong.
    var failure: String?
    /// The peers to which its last offer has no effect yet, since the link still runs as before; nil until it has said so.
    var onAlternative: [SiteName]?

    var isDone: Bool {
        switch state {
        case .settled, .failed, .late: true
        case .pending, .offered, .onTrial, .confirmed: false
        }
    }

    /// It was offered its state, and has yet to run it for good.
    var isTakingUp: Bool {
        switch state {
        case .offered, .onTrial, .confirmed: true
        case .pending, .settled, .failed, .late: false
        }
    }

    /// It runs what it was offered last for good, and at the most waits for its turn in a later step.
    var hasSettled: Bool {
        switch state {
        case .settled: true
        case .pending, .late: settledStep != nil && settledStep == offer?.step && !hasRefused && !isToBeRepeated
        case .offered, .onTrial, .confirmed, .failed: false
        }
    }

    var hasFailed: Bool { if case .failed = state { true } else { false } }
}

/// One step's waves, and where it is.
struct StepProgress: Sendable, Equatable, Codable {
    let step: TransitionStep
    let waves: [[SiteName]]
    let hasCanary: Bool
    /// The wave under way; `waves.count` once all are over.
    var wave = 0
    var waveStarted = MonotonicTime(nanoseconds: 0)
    /// Links of the wave's gateways that were up when it began.
    var baseline = LinkSet()
    /// Of those, the links that are not up now.
    var missing = LinkSet()
    /// Since when no gateway of the wave has anything left to do.
    var sitesDoneSince: MonotonicTime?
    /// Since when all has been well.
    var quietSince: MonotonicTime?
    /// Since when the next step waits for gateways that did not take this one.
    var barrierSince: MonotonicTime?
}
