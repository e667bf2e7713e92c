import WarrenModel
import WarrenPlan
import WarrenRollout

/// A gateway and its agent, as far as a roll-out sees them.
struct SimulatedGateway {
    /// What is wrong with a state once the gateway runs it.
    enum Fault: Equatable {
        /// The agent can't apply it.
        case refused
        /// The agent does not reach the controller any longer.
        case cutOff
        /// It takes down all of the gateway's links.
        case linksDown
        /// Its links run on as before, for the other ends never answer on the new way.
        case withoutEffect
    }

    let site: SiteName
    var faults: [TransitionStep: Fault] = [:]
    var isConnected = true
    /// What it runs: nil before the roll-out.
    var running: RolloutOffer?
    /// What it goes back to.
    var lastGood: RolloutOffer?
    var isOnTrial = false
    /// Its links carry packets, but as they did before the step.
    var isOnAlternative = false
    var peers: [SiteName] = []
    var rejected: StateVersion?
    var failure: String?

    var version: StateVersion { running?.version ?? StateVersion(generation: Generation(rawValue: 1)) }
    var step: Int { running?.step.number ?? 0 }
    var fault: Fault? { running.flatMap { faults[$0.step] } }
    var account: GatewayAccount {
        GatewayAccount(
            site: site, version: version, isOnTrial: isOnTrial, rejected: rejected, failure: failure,
            onAlternative: isOnAlternative ? peers : [])
    }

    /// Applies what it was offered, or refuses to; whether it now runs it.
    mutating func apply(_ offer: RolloutOffer) -> Bool {
        guard offer.version > version, offer.version > rejected ?? version else { return false }
        failure = nil
        if faults[offer.step] == .refused {
            rejected = offer.version
            failure = "no such device"
            return false
        }
        lastGood = running
        running = offer
        isOnTrial = true
        isOnAlternative = offer.step == .switchOver
        return true
    }

    mutating func confirm(_ version: StateVersion) {
        guard isOnTrial, version == self.version else { return }
        isOnTrial = false
        lastGood = running
    }

    /// The end of the trial of `version`; whether it went back.
    mutating func endTrial(of version: StateVersion) -> Bool {
        guard isOnTrial, version == self.version else { return false }
        running = lastGood
        isOnTrial = false
        isOnAlternative = false
        rejected = version
        failure = "it was not confirmed in time"
        return true
    }
}
