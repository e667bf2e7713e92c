/// A reading of a clock that never goes back, in nanoseconds from an arbitrary start. Pure modules take it as `now`.
public struct MonotonicTime: Sendable, Hashable, Comparable, Codable {
    public var nanoseconds: UInt64
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The time `duration` later; saturates at both ends of the range.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.parts
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return MonotonicTime(nanoseconds: seconds < 0 ? 0 : .max) }
        let delta = whole.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
        if delta < 0 {
            let magnitude = delta.magnitude
            return MonotonicTime(nanoseconds: time.nanoseconds > magnitude ? time.nanoseconds - magnitude : 0)
        }
        let (sum, past) = time.nanoseconds.addingReportingOverflow(UInt64(delta))
        return MonotonicTime(nanoseconds: past ? .max : sum)
    }

    /// Time from `earlier` to this; negative when `earlier` is later.
    public func since(_ earlier: MonotonicTime) -> Duration {
        nanoseconds >= earlier.nanoseconds
            ? .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds))
            : .zero - .nanoseconds(Int64(clamping: earlier.nanoseconds - nanoseconds))
    }

    public static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }
}

extension Duration {
    /// Whole seconds, rounded down.
    public var wholeSeconds: Int64 { components.seconds }
    /// Seconds with their fraction.
    public var inSeconds: Double {
        let (seconds, attoseconds) = parts
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// Its components. Most are of less than nine seconds, and are divided as numbers of 64 bits, which costs a tenth.
    fileprivate var parts: (seconds: Int64, attoseconds: Int64) {
        guard let few = Int64(exactly: attoseconds) else { return components }
        return (few / 1_000_000_000_000_000_000, few % 1_000_000_000_000_000_000)
    }
}
