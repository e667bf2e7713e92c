import WarrenModel
import WarrenPlan

/// Where a roll-out is, for a person or a program to read.
public struct RolloutView: Sendable, Equatable, Codable {
    public enum Status: String, Sendable, Codable {
        case running
        /// It waits for gateways that are offline.
        case waiting
        case paused, halted, completed, aborted, rolledBack
    }
    public enum Phase: String, Sendable, Codable { case pending, running, done }

    public struct Step: Sendable, Equatable, Codable {
        public var step: TransitionStep
        public var phase: Phase
        /// How many gateways it touches.
        public var total: Int
        /// Empty before the step has begun.
        public var waves: [Wave]
    }

    public struct Wave: Sendable, Equatable, Codable {
        /// `canary`, `1`, `2` …
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
