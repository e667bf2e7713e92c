import WarrenModel

/// One link as both of its ends see it. But for the first two, every field is missing where it is not known.
public struct LinkStatus: Sendable, Hashable, Codable {
    public var link: LinkID
    public var state: LinkState
    /// A sentence that says why the link is not up, or, when it is, what is odd about it; nil when there is nothing to say.
    public var reason: String?
    public var roundTripMilliseconds: Double?
    /// Since it is in this state, as far as this controller knows.
    public var sinceSeconds: Double?
    /// How often it came up or went within the last hour.
    public var flaps: Int?
    /// It comes and goes so often that it does not count as up until it has been so for a while.
    public var isFlapping: Bool?
    /// It is up at this moment, and told as degraded only since it flaps.
    public var isHeld: Bool?
    /// Of the probes of the last 60 s, those without an answer; the greater of the two ends.
    public var lossPercent: Double?
    /// The largest packet in bytes that crosses the tunnel whole; the smaller of the two ends.
    public var pathMTU: UInt32?
    /// Of inner packets, as the gateway of the link's first site counts them, between its last two reports.
    public var receivedBitsPerSecond: UInt64?
    public var sentBitsPerSecond: UInt64?

    /// Nothing is to be done about it, or nothing more: it is up, or shall not be.
    public var isWell: Bool { state.isWell || isHeld == true }

    public init(
        link: LinkID, state: LinkState, reason: String? = nil, roundTripMilliseconds: Double? = nil,
        sinceSeconds: Double? = nil, flaps: Int? = nil, isFlapping: Bool? = nil, isHeld: Bool? = nil,
        lossPercent: Double? = nil,
        pathMTU: UInt32? = nil, receivedBitsPerSecond: UInt64? = nil, sentBitsPerSecond: UInt64? = nil
    ) {
        self.link = link
        self.state = state
        self.reason = reason
        self.roundTripMilliseconds = roundTripMilliseconds
        self.sinceSeconds = sinceSeconds
        self.flaps = flaps
        self.isFlapping = isFlapping
        self.isHeld = isHeld
        self.lossPercent = lossPercent
        self.pathMTU = pathMTU
        self.receivedBitsPerSecond = receivedBitsPerSecond
        self.sentBitsPerSecond = sentBitsPerSecond
    }
}
