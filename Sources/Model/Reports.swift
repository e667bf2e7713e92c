/// One ESP security association as its gateway sees it.
public struct SAReport: Sendable, Hashable, Codable {
    public var peer: SiteName
    public var direction: SecurityPolicy.Direction
    public var spi: SPI
    public var encryption: EncryptionAlgorithm
    public var extendedSequenceNumbers: Bool
    public var mode: IPsecMode
    public var outer: AddressPair
    /// Seconds since the SA was made.
    public var ageSeconds: UInt64
    public var packets: UInt64
    /// Bytes of inner packets.
    public var bytes: UInt64
    /// Seconds until the soft lifetime ends; 0 when that has passed.
    public var rekeyInSeconds: UInt64
    /// It is in UDP (RFC 3948); nil where the gateway doesn't say.
    public var isInUDP: Bool?

    public init(
        peer: SiteName, direction: SecurityPolicy.Direction, spi: SPI, encryption: EncryptionAlgorithm,
        extendedSequenceNumbers: Bool, mode: IPsecMode, outer: AddressPair, ageSeconds: UInt64, packets: UInt64,
        bytes: UInt64, rekeyInSeconds: UInt64, isInUDP: Bool? = nil
    ) {
        self.peer = peer
        self.direction = direction
        self.spi = spi
        self.encryption = encryption
        self.extendedSequenceNumbers = extendedSequenceNumbers
        self.mode = mode
        self.outer = outer
        self.ageSeconds = ageSeconds
        self.packets = packets
        self.bytes = bytes
        self.rekeyInSeconds = rekeyInSeconds
        self.isInUDP = isInUDP
    }
}

/// The IKE daemon's account of one peer.
public struct IKEReport: Sendable, Hashable, Codable {
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        /// No IKE SA, none being made.
        case idle
        case connecting
        case established
    }
    public var peer: SiteName
    public var state: State
    /// Seconds since the IKE SA was made; 0 unless established.
    public var ageSeconds: UInt64
    public var proposal: IKEProposal?
    /// Why the last attempt failed, with the notify's standard name first: `AUTHENTICATION_FAILED: …`; nil after success.
    public var lastError: String?
    /// What is in use is as the gateway's state prefers it, so that no alternative is needed any more; false while only an
    /// alternative carries the link's packets, and nil when nothing does or who reports cannot tell.
    public var runsAsPreferred: Bool?

    public init(
        peer: SiteName, state: State, ageSeconds: UInt64 = 0, proposal: IKEProposal? = nil, lastError: String? = nil,
        runsAsPreferred: Bool? = nil
    ) {
        self.peer = peer
        self.state = state
        self.ageSeconds = ageSeconds
        self.proposal = proposal
        self.lastError = lastError
        self.runsAsPreferred = runsAsPreferred
    }
}

/// One tunnel interface as its gateway sees it.
public struct TunnelReport: Sendable, Hashable, Codable {
    public var tunnel: GIFTunnel
    public var isUp: Bool
    public var receivedPackets: UInt64
    public var receivedBytes: UInt64
    public var sentPackets: UInt64
    public var sentBytes: UInt64

    public init(
        tunnel: GIFTunnel, isUp: Bool, receivedPackets: UInt64 = 0, receivedBytes: UInt64 = 0, sentPackets: UInt64 = 0,
        sentBytes: UInt64 = 0
    ) {
        self.tunnel = tunnel
        self.isUp = isUp
        self.receivedPackets = receivedPackets
        self.receivedBytes = receivedBytes
        self.sentPackets = sentPackets
        self.sentBytes = sentBytes
    }
}

/// The last probes (ICMP echo, inner address to inner address) through one tunnel.
public struct ProbeReport: Sendable, Hashable, Codable {
    public var peer: SiteName
    /// Seconds since the last answer; nil when none ever came.
    public var lastAnswerSecondsAgo: Double?
    /// Round-trip time of the last answer in milliseconds.
    public var roundTripMilliseconds: Double?
    public var sent: UInt64
    public var answered: UInt64
    /// Of the probes of the last 60 s, the share without an answer, 0 to 100; nil when there were none.
    public var lossPercent: Double?
    /// The largest packet in bytes, at most the tunnel's MTU, that was answered when sent whole; nil when none was yet.
    public var pathMTU: UInt32?

    public init(
        peer: SiteName, lastAnswerSecondsAgo: Double? = nil, roundTripMilliseconds: Double? = nil, sent: UInt64 = 0,
        answered: UInt64 = 0, lossPercent: Double? = nil, pathMTU: UInt32? = nil
    ) {
        self.peer = peer
        self.lastAnswerSecondsAgo = lastAnswerSecondsAgo
        self.roundTripMilliseconds = roundTripMilliseconds
        self.sent = sent
        self.answered = answered
        self.lossPercent = lossPercent
        self.pathMTU = pathMTU
    }
}

/// Everything an agent tells the controller about its gateway.
public struct AgentReport: Sendable, Hashable, Codable {
    public var site: SiteName
    public var agentVersion: String
    /// What the gateway runs; `.none` before the first.
    public var version: StateVersion
    /// It runs that on trial: without a confirmation it goes back by itself to what it ran before.
    public var isOnTrial: Bool
    /// The newest state that it was given and does not run: refused, failed or gone back from; `failure` says why.
    public var rejected: StateVersion?
    /// The addresses that it would reach the Internet from, one of each family at most.
    public var outerAddresses: [IPAddress]
    public var tunnels: [TunnelReport]
    public var routes: [Route]
    public var securityAssociations: [SAReport]
    public var ike: [IKEReport]
    public var probes: [ProbeReport]
    /// One sentence per difference between desired and observed; empty when there is none.
    public var drift: [String]
    /// Why the last desired state could not be applied; nil when it was.
    public var failure: String?

    /// The generation that the gateway runs; `.none` before the first.
    public var applied: Generation { version.generation }

    public init(
        site: SiteName, agentVersion: String, version: StateVersion = .none, isOnTrial: Bool = false,
        rejected: StateVersion? = nil, outerAddresses: [IPAddress] = [], tunnels: [TunnelReport] = [], routes: [Route] = [],
        securityAssociations: [SAReport] = [], ike: [IKEReport] = [], probes: [ProbeReport] = [],
        drift: [String] = [], failure: String? = nil
    ) {
        self.site = site
        self.agentVersion = agentVersion
        self.version = version
        self.isOnTrial = isOnTrial
        self.rejected = rejected
        self.outerAddresses = outerAddresses
        self.tunnels = tunnels
        self.routes = routes
        self.securityAssociations = securityAssociations
        self.ike = ike
        self.probes = probes
        self.drift = drift
        self.failure = failure
    }
}
