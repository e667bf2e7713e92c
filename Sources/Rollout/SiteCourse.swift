import WarrenModel
import WarrenPlan

/// One stretch of the way that led to what a gateway runs: towards a generation, up to a step.
public struct Waypoint: Sendable, Hashable, Codable {
    public let generation: Generation
    public let step: TransitionStep

    public init(_ generation: Generation, _ step: TransitionStep) {
        self.generation = generation
        self.step = step
    }
}

/// What one gateway ran before the roll-out, and under which versions it was told what to run in it.
///
/// A way of more than one point comes from a roll-out that was broken off: the gateway stands on a transition, and the next
/// roll-out leads it on from there.
struct SiteCourse: Sendable, Equatable, Codable {
    /// From the oldest on; it begins with the last `contract` before which nothing matters any more.
    var way: [Waypoint]
    var version: StateVersion
    var issues: [Issue] = []
    /// The new generation has the site no longer.
    var isLeaving = false
    /// How often the content changed under the offers of the current generation, by addresses or keys.
    var bump: UInt64 = 0

    /// An offer of the roll-out under the versions that the gateway knows it by: each change of an address or a key makes a
    /// new one.
    struct Issue: Sendable, Equatable, Codable {
        var step: TransitionStep
        /// As the roll-out has it.
        var offered: StateVersion
        var first: UInt64
        var last: UInt64

        var version: StateVersion {
            StateVersion(epoch: offered.epoch, generation: offered.generation, revision: last)
        }

        func covers(_ version: StateVersion) -> Bool {
            version.epoch == offered.epoch && version.generation == offered.generation
                && (first...max(first, last)).contains(version.revision)
        }
    }

    init(way: [Waypoint], version: StateVersion) {
        self.way = way
        self.version = version
    }

    mutating func issue(_ offer: RolloutOffer) {
        if issues.contains(where: { $0.offered == offer.version && $0.step == offer.step }) { return }
        let revision = offer.version.revision + bump
        issues.append(Issue(step: offer.step, offered: offer.version, first: revision, last: revision))
    }

    /// The version under which the roll-out knows what the gateway calls `version`.
    func offered(as version: StateVersion) -> StateVersion {
        if let issue = issues.last(where: { $0.covers(version) }) { return issue.offered }
        guard let first = issues.first, version.epoch == first.offered.epoch, version.generation == first.offered.generation
        else { return version }
        // Of the same generation and none of the offers: older than all that the roll-out would know.
        return version.revision < first.first
            ? StateVersion(epoch: version.epoch, generation: version.generation) : version
    }

    func way(through generation: Generation, at step: TransitionStep) -> [Waypoint] {
        step == .contract && !isLeaving ? [Waypoint(generation, .contract)] : way + [Waypoint(generation, step)]
    }
}

/// What a gateway shall run now.
public struct SiteTarget: Sendable, Equatable {
    public let version: StateVersion
    public let plan: GatewayPlan
    /// 0: for good, without a trial.
    public let trialSeconds: UInt32
}
