import Foundation

/// A step in which samples are kept, and for how long.
public struct HistoryTier: Sendable, Hashable {
    public let stepSeconds: Int64
    public let keptSeconds: Int64

    /// The tiers of a history that reaches back for `retention` seconds, finest first: steps of 10 s for two hours, of a minute
    /// for two days, of 15 minutes for the rest.
    public static func tiers(retention: Int64) -> [HistoryTier] {
        [(10, 7_200), (60, 172_800), (900, Int64.max)].map { step, kept in
            HistoryTier(stepSeconds: step, keptSeconds: min(kept, retention))
        }
    }
}

/// How one link was at one moment, or in one step.
public struct LinkSample: Sendable, Hashable {
    /// Seconds since 1970; of a step, its beginning.
    public var at: Int64
    /// How bad the worst state was; the greater the worse.
    public var severity: Int
    public var roundTripMilliseconds: Double?
    public var lossPercent: Double?
    public var receivedBitsPerSecond: Double?
    public var sentBitsPerSecond: Double?

    public init(
        at: Int64, severity: Int, roundTripMilliseconds: Double? = nil, lossPercent: Double? = nil,
        receivedBitsPerSecond: Double? = nil, sentBitsPerSecond: Double? = nil
    ) {
        self.at = at
        self.severity = severity
        self.roundTripMilliseconds = roundTripMilliseconds
        self.lossPercent = lossPercent
        self.receivedBitsPerSecond = receivedBitsPerSecond
        self.sentBitsPerSecond = sentBitsPerSecond
    }
}
