import WarrenModel
import WarrenRollout

extension APIMessage {
    /// One roll-out: `GET /v1/rollouts` (a list, newest first), `GET /v1/rollouts/current` and `GET /v1/rollouts/{generation}`;
    /// also the answer to `POST /v1/rollouts/current/{pause|resume|abort|rollback}`.
    ///
    /// The current one is the latest, also when it is finished; 404 before the first generation.
    public struct RolloutStatus: Sendable, Equatable, Codable {
        /// Leads to this generation.
        public var generation: Generation
        /// From this one; that of `.none` for the first of a mesh.
        public var from: Generation
        public var view: RolloutView
        public var strategy: Strategy
        /// RFC 3339, UTC.
        public var startedAt: String
        public var finishedAt: String?

        public init(
            generation: Generation, from: Generation, view: RolloutView, strategy: Strategy, startedAt: String,
            finishedAt: String?
        ) {
            self.generation = generation
            self.from = from
            self.view = view
            self.strategy = strategy
            self.startedAt = startedAt
            self.finishedAt = finishedAt
        }
    }

    /// `POST /v1/rollouts/current/{pause|resume|abort|rollback}`; the body may be empty.
    public struct RolloutCommandRequest: Sendable, Codable {
        /// The generation whose roll-out is meant: 409 when another is under way. Nil: whichever is.
        public var generation: Generation?
        /// Of `resume`: gateways not to wait for, nor try again.
        public var without: [SiteName]?
        public init(generation: Generation? = nil, without: [SiteName]? = nil) {
            self.generation = generation
            self.without = without
        }
    }

    /// `GET /v1/rollouts/current/events?since=NEXT&wait=SECONDS`: how the current roll-out goes on.
    ///
    /// Answers as soon as there is anything new since the answer that `since` comes from, or after `wait` (0 to 30, 0 unless
    /// given) with nothing new. Without `since`: all events of the current roll-out, and how it stands.
    public struct RolloutProgress: Sendable, Equatable, Codable {
        /// To be given as `since` the next time; opaque.
        public var next: String
        /// Oldest first.
        public var events: [Event]
        /// As it stands now.
        public var rollout: RolloutStatus
        public init(next: String, events: [Event], rollout: RolloutStatus) {
            self.next = next
            self.events = events
            self.rollout = rollout
        }
    }
}
