import WarrenModel
import WarrenPlan

/// Leads the gateways of a mesh from what they run to a new generation, step by step and wave by wave.
///
/// Pure: it is told what happens, with the time, and answers with what the controller shall do. The value can be kept on disk
/// after each event and read back; what follows is the same.
///
/// - Each `TransitionStep` that touches any gateway is made fleet-wide, in waves: a canary, then growing batches. A wave is
///   done when each of its gateways runs its state, confirmed and without failure, and every link of theirs that was up when
///   the wave began is up again, all of it for the settle time.
/// - A gateway that is offline when its turn comes is *late*: up to `maxLate` the wave goes on without it, and it gets its
///   state when it connects. One that is offered a state and does not come back within `waveTimeout` has *failed*.
/// - No step begins while a gateway that did not take the one before, late or failed, takes part in it or shares a changed
///   link with one that does: its links would be cut. The roll-out waits for late ones until `waveTimeout`, then halts and
///   names them; `resume(without:)` goes on nevertheless.
/// - More failures than `maxFailures` end the roll-out by rolling back, or halt it.
public struct Rollout: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Equatable, Codable, CaseIterable {
        case forward
        /// Its generation has the content of one before.
        case rollBack
    }

    public enum State: Sendable, Equatable, Codable {
        case running
        case paused
        case halted(reason: String)
        case finished(RolloutOutcome)
    }

    public let kind: Kind
    public let epoch: UInt64
    public let generation: Generation
    public internal(set) var fleet: RolloutFleet
    public let strategy: RolloutStrategy
    public internal(set) var state = State.running
    /// Of the last offer; grows with each step and each repeat of an offer that failed.
    public internal(set) var revision: UInt64
    /// Gateways that are not waited for any longer.
    public internal(set) var leftBehind: Set<SiteName> = []
    var sites: [SiteName: SiteProgress]
    /// The steps begun so far; the last is the one under way.
    var steps: [StepProgress] = []
    /// Who is connected and has reported since, so that its links are known; and which links are up.
    var connected: Set<SiteName> = []
    var up = LinkSet()
    /// Nothing new begins before that is over.
    var regathering: Regathering?

    /// `fleet` as it is limited already, if it is. `lastRevision` is that of the newest state of the generation that any
    /// gateway was offered before.
    public init(
        kind: Kind = .forward, epoch: UInt64 = 1, generation: Generation, fleet: RolloutFleet,
        strategy: RolloutStrategy = RolloutStrategy(), lastRevision: UInt64 = 0
    ) {
        self.kind = kind
        self.epoch = epoch
        self.generation = generation
        self.fleet = fleet
        self.strategy = strategy
        revision = lastRevision
        sites = fleet.changes.mapValues { _ in SiteProgress() }
    }

    /// Begins: `connected` are the gateways with an open stream, of which the `silent` ones have not reported on it, `up` the links
    /// that are up by probe.
    public mutating func start(
        connected: Set<SiteName>, silent: Set<SiteName> = [], up: Set<LinkID>, now: MonotonicTime
    ) -> [RolloutAction] {
        guard steps.isEmpty, isRunning else { return [] }
        self.connected = connected.filter { sites[$0] != nil && !silent.contains($0) }
        let links = fleet.links
        self.up = LinkSet(links.indices.filter { up.contains(links[$0]) })
        var actions: [RolloutAction] = []
        for site in fleet.leaving where !connected.contains(site) && sites[site] != nil {
            if regathering?.sites.contains(site) != true { leftBehind.insert(site) }
        }
        advance(now, &actions)
        return actions
    }

    /// Takes what happened, and goes as far as it can. After the roll-out is finished, it only offers late gateways their
    /// state, confirms it, and notes what became of it.
    public mutating func handle(_ event: RolloutEvent, now: MonotonicTime) -> [RolloutAction] {
        var actions: [RolloutAction] = []
        guard take(event, now, &actions) else { return [] }
        advance(now, &actions)
        return actions
    }

    /// What the gateway shall run by now; nil while it shall run what it ran before the roll-out.
    public func target(of site: SiteName) -> RolloutOffer? { sites[site]?.offer }

    /// The step whose state the gateway runs, as far as is known: that of its last offer, or, when it refused or undid that,
    /// the one before; nil for what it ran before the roll-out. `GatewayPlan.transition(from:to:at:)` of it is what the next
    /// roll-out, a rolling back too, leads the gateway from.
    public func standing(of site: SiteName) -> TransitionStep? {
        guard let progress = sites[site] else { return nil }
        return progress.hasRefused ? progress.settledStep : progress.offer?.step
    }

    /// Where it is, to be shown.
    public var view: RolloutView { RolloutView(self) }

    var isFinished: Bool { if case .finished = state { true } else { false } }
    var isRunning: Bool { state == .running }
}
