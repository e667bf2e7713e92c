import WarrenModel

/// A desired state that a gateway runs until it is confirmed or its time is over: written to disk first, applied then, and
/// confirmed over a connection that was opened after that, so that what cuts the gateway off from its controller cannot stay.
public struct Trial: Sendable, Equatable {
    public enum Phase: Sendable, Equatable {
        /// Being written to disk; nothing is touched before it is.
        case staging
        /// On disk, and being applied.
        case applying
        /// Applied; a confirmation counts on this stream and on later ones, on none before one was opened.
        case waiting(since: StreamID?)
    }

    /// The longest trial: a gateway that nobody confirms must not hang in the air for ever.
    public static let longest: Duration = .seconds(24 * 3_600)

    public let desired: DesiredState
    /// How long it lasts, from when it was received.
    public let allowance: Duration
    /// When it goes back by itself, by a clock that counts sleep and that nobody sets.
    public let deadline: MonotonicTime
    public internal(set) var phase: Phase

    public var version: StateVersion { desired.version }

    /// A trial that begins now.
    public init(_ desired: DesiredState, allowance: Duration, now: MonotonicTime) {
        self.desired = desired
        self.allowance = min(allowance, Self.longest)
        deadline = now + self.allowance
        phase = .staging
    }

    /// One that was on disk. A deadline further away than the allowance is brought to it.
    public init(restoring desired: DesiredState, allowance: Duration, deadline: MonotonicTime, now: MonotonicTime) {
        self.desired = desired
        self.allowance = max(.zero, min(allowance, Self.longest))
        self.deadline = min(deadline, now + self.allowance)
        phase = .applying
    }

    public func isOver(now: MonotonicTime) -> Bool { now >= deadline }

    /// Time left; never negative.
    public func left(now: MonotonicTime) -> Duration { max(.zero, deadline.since(now)) }

    mutating func opened(_ stream: StreamID) {
        if phase == .waiting(since: nil) { phase = .waiting(since: stream) }
    }

    /// Whether a confirmation that came on `stream` counts.
    func accepts(_ stream: StreamID) -> Bool {
        guard case .waiting(let first?) = phase else { return false }
        return stream >= first
    }
}

/// Names the connections to controllers in the order in which they were opened.
public struct StreamID: Sendable, Hashable, Comparable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (a: StreamID, b: StreamID) -> Bool { a.rawValue < b.rawValue }
}
