import WarrenModel

/// Exponential back-off with full jitter: each wait is uniform between zero and a ceiling that doubles up to the cap.
public struct Backoff: Sendable, Equatable {
    public let base: Duration
    public let cap: Duration
    /// Failures in a row so far.
    public private(set) var failures = 0

    public init(base: Duration = .milliseconds(500), cap: Duration = .seconds(10)) {
        self.base = base
        self.cap = cap
    }

    /// The largest wait that the next failure can give.
    public var ceiling: Duration { min(cap, base * Int32(1 << min(failures, 20))) }

    /// Counts a failure and says how long to wait. `fraction` is random in 0…1; anything else is brought into it.
    public mutating func next(fraction: Double) -> Duration {
        let share = fraction.isNaN ? 1 : min(1, max(0, fraction))
        defer { failures = min(failures + 1, 20) }
        return min(ceiling, ceiling * share)
    }

    /// A success: the next failure waits from the base again.
    public mutating func reset() { failures = 0 }
}
