import WarrenModel
import WarrenPlan

/// Where a roll-out is, for a person or a program to read.
public struct RolloutView: Sendable, Equatable, Codable {
    public enum Status: String, Sendable, Codable, CaseIterable {
        case running
        /// It waits for gateways that are offline.
        case waiting
        case paused, halted, completed, aborted, rolledBack
    }
    public enum Phase: String, Sendable, Codable, CaseIterable { case pending, running, done }

    public struct Step: Sendable, Equatable, Codable {
        public var step: TransitionStep
        public var phase: Phase
        /// How many gateways it touches.
        public var total: Int
        /// Empty before the step has begun.
        public var waves: [Wave]
    }

    public struct Wave: Sendable, Equatable, Codable {
        /// `canary`, `wave 1`, `wave 2` …
        public var name: String
        public var phase: Phase
        public var total: Int
        /// How many of its gateways run the step's state, or a later one.
        public var done: Int
    }

    /// One gateway that did not come along.
    public struct Exception: Sendable, Equatable, Codable {
        public var site: SiteName
        public var reason: String
    }

    public var kind: Rollout.Kind
    public var generation: Generation
    public var status: Status
    /// Why it waits, halted or was rolled back.
    public var reason: String?
    /// Only the steps that touch any gateway.
    public var steps: [Step]
    /// In order of names, as all that follow.
    public var failed: [Exception]
    public var late: [Exception]
    public var leftBehind: [SiteName]
    /// Gateways that have a state on trial or are to take one now.
    public var underWay: [SiteName]
}

extension RolloutView {
    public init(_ rollout: Rollout) {
        kind = rollout.kind
        generation = rollout.generation
        (status, reason) = Self.status(of: rollout)
        steps = TransitionStep.allCases.compactMap { Self.step($0, of: rollout) }
        let exceptions = rollout.sites.sorted { $0.key < $1.key }
        failed = exceptions.compactMap { site, progress in
            guard case .failed(let reason) = progress.state else { return nil }
            return Exception(site: site, reason: reason)
        }
        late = exceptions.filter { $0.value.state == .late }.map {
            Exception(site: $0.key, reason: "offline since its turn came")
        }
        leftBehind = rollout.leftBehind.sorted()
        underWay = exceptions.filter { $0.value.isTakingUp }.map(\.key)
    }

    private static func status(of rollout: Rollout) -> (Status, String?) {
        switch rollout.state {
        case .running:
            let isWaiting = rollout.steps.last?.barrierSince != nil
            return isWaiting
                ? (
                    .waiting,
                    "the next step would cut the links of gateways that are behind: \(rollout.names(rollout.blockingSites))"
                )
                : (.running, nil)
        case .paused: return (.paused, nil)
        case .halted(let reason): return (.halted, reason)
        case .finished(.completed): return (.completed, nil)
        case .finished(.aborted): return (.aborted, nil)
        case .finished(.rolledBack(let reason)): return (.rolledBack, reason)
        }
    }

    private static func step(_ step: TransitionStep, of rollout: Rollout) -> Step? {
        let total = rollout.fleet.sites(in: step).count
        guard let position = rollout.steps.firstIndex(where: { $0.step == step }) else {
            return total == 0 ? nil : Step(step: step, phase: .pending, total: total, waves: [])
        }
        let progress = rollout.steps[position]
        let isLast = position == rollout.steps.count - 1
        let waves = progress.waves.enumerated().map { number, sites in
            let done = sites.count { (rollout.sites[$0]?.settledStep?.number ?? 0) >= step.number }
            let phase: Phase = !isLast || number < progress.wave ? .done : number == progress.wave ? .running : .pending
            return Wave(name: progress.name(of: number), phase: phase, total: sites.count, done: done)
        }
        let isDone = !isLast || progress.wave >= progress.waves.count
        return Step(step: step, phase: isDone ? .done : .running, total: total, waves: waves)
    }
}

extension TransitionStep {
    /// For people.
    public var word: String { self == .switchOver ? "switch" : rawValue }
}
