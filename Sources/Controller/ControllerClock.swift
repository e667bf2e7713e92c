import Foundation
import WarrenModel

/// The two clocks that the controller reads: the calendar's, for what must hold across restarts, and one that never goes back.
public struct ControllerClock: Sendable {
    public var date: @Sendable () -> Date
    public var monotonic: @Sendable () -> MonotonicTime

    public init(date: @escaping @Sendable () -> Date, monotonic: @escaping @Sendable () -> MonotonicTime) {
        self.date = date
        self.monotonic = monotonic
    }

    /// The system's clocks.
    public static var system: ControllerClock {
        let start = ContinuousClock.now
        return ControllerClock(
            date: { Date() },
            monotonic: { MonotonicTime(nanoseconds: 0) + start.duration(to: .now) })
    }
}
