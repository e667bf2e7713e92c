/// How the IKE daemon of one gateway behaves towards every peer. The defaults are what a gateway runs.
public struct IKEConfiguration: Sendable, Equatable {
    /// Queues of the packet path, each of which wants a child SA of its own of every peer that can (RFC 9611).
    public var queues = 1
    /// Wait before the first repetition of a request; each further wait is twice as long.
    public var retransmissionBase: Duration = .milliseconds(500)
    public var retransmissionMaximum: Duration = .seconds(4)
    /// How often a request of an established IKE SA is sent before the peer counts as dead.
    public var requestTries = 6
    /// How often the requests that make an IKE SA are sent before the attempt is given up; another follows.
    public var attemptTries = 5
    /// Wait between two attempts to reach a peer: random between half of this and all of it.
    public var attemptPause: Duration = .seconds(3)
    /// The same of the end that does not make the link, when it has changed and its peer does not follow.
    public var pursuitPause: Duration = .seconds(15)
    /// Wait between two attempts to make a child SA that the peer refused.
    public var childRetryPause: Duration = .seconds(5)
    /// Half-open IKE SAs, over all peers, from which on a cookie is asked for (RFC 7296, 2.6).
    public var cookieThreshold = 30
    /// Half-open IKE SAs of one peer from which on a cookie is asked for.
    public var cookieThresholdPerPeer = 3
    /// Half-open IKE SAs that one peer may have; the oldest makes room.
    public var halfOpenLimitPerPeer = 8
    public var halfOpenLifetime: Duration = .seconds(30)
    /// IKE SAs in use that one peer may have; the oldest makes room.
    public var establishedLimitPerPeer = 8
    /// Child SAs that one IKE SA may have for each queue; more are refused (NO_ADDITIONAL_SAS).
    public var childLimit = 16
    /// How long a replaced inbound SA still takes packets that were under way.
    public var inboundLinger: Duration = .seconds(5)
    /// How long the answerer of a rekey waits for a sign that the peer has the new child SA before it sends on it.
    public var outboundSwitchLimit: Duration = .seconds(10)
    /// How long SAs made under an earlier configuration of a peer live on when none replaces them.
    public var staleLifetime: Duration = .seconds(600)
    /// NAT keepalive interval when a NAT is before us (RFC 3948, 4).
    public var keepalive: Duration = .seconds(20)
    /// How long a closed IKE SA still answers repetitions of the request that closed it.
    public var closedLifetime: Duration = .seconds(30)
    /// Longest IKE datagram that is read or, when fragmentation was agreed, sent in one piece, in bytes.
    public var maximumDatagram = 65_535
    public var fragmentLength = 1_200

    public init() {}
}
