/// Asks for everything that the gateway's end of one link consists of.
public struct LinkQuestion: Sendable, Hashable {
    public var peer: SiteName
    public init(peer: SiteName) { self.peer = peer }
}

/// One gateway's end of a link: what it shall be there, and what is.
public struct LinkObservation: Sendable, Hashable {
    public var peer: SiteName
    /// What the gateway runs.
    public var version: StateVersion
    /// What that says of the link.
    public var wanted: LinkParts
    /// What is there of it.
    public var installed: LinkParts
    /// Whether the interface is up and being served.
    public var isTunnelUp: Bool
    public var ike: IKEReport?
    public var securityAssociations: [SAReport]
    public var probe: ProbeReport?
    public var evidence: LinkEvidence
    /// Why the data plane could not be looked at, so that nothing is told of what is installed; nil when it could.
    public var fault: String?

    public init(
        peer: SiteName, version: StateVersion = .none, wanted: LinkParts = LinkParts(), installed: LinkParts = LinkParts(),
        isTunnelUp: Bool = false, ike: IKEReport? = nil, securityAssociations: [SAReport] = [], probe: ProbeReport? = nil,
        evidence: LinkEvidence = LinkEvidence(), fault: String? = nil
    ) {
        self.peer = peer
        self.version = version
        self.wanted = wanted
        self.installed = installed
        self.isTunnelUp = isTunnelUp
        self.ike = ike
        self.securityAssociations = securityAssociations
        self.probe = probe
        self.evidence = evidence
        self.fault = fault
    }
}

/// What one gateway has, or shall have, for one link.
public struct LinkParts: Sendable, Hashable {
    public var tunnel: GIFTunnel?
    public var ikePeer: IKEPeer?
    public var policies: [SecurityPolicy]
    /// Those by the tunnel's interface.
    public var routes: [Route]
    /// Those that name the peer's address or the tunnel's interface, in their order; and, of what is installed, any that the
    /// plan does not know at all.
    public var firewall: [FirewallRule]

    public init(
        tunnel: GIFTunnel? = nil, ikePeer: IKEPeer? = nil, policies: [SecurityPolicy] = [], routes: [Route] = [],
        firewall: [FirewallRule] = []
    ) {
        self.tunnel = tunnel
        self.ikePeer = ikePeer
        self.policies = policies
        self.routes = routes
        self.firewall = firewall
    }
}

/// What a data plane knows of the way to one peer, beside what it was set to. Nil and empty where it cannot tell.
public struct LinkEvidence: Sendable, Hashable, Codable {
    /// The kernel's way to the peer's outer address.
    public struct OuterRoute: Sendable, Hashable, Codable {
        public var interface: String
        /// What the kernel sends from: another address than the gateway's public one where that is a NAT's before it.
        public var source: IPAddress?
        public var gateway: IPAddress?

        public init(interface: String, source: IPAddress?, gateway: IPAddress?) {
            self.interface = interface
            self.source = source
            self.gateway = gateway
        }
    }

    public var outerRoute: OuterRoute?
    /// Why there is no such way; nil when there is, or it was not looked for.
    public var outerRouteFault: String?
    /// Of the UDP ports of IKE and ESP, those that a process has bound; nil when that is not known.
    public var boundPorts: [UInt16]?
    public var contact: PeerContact?
    /// Packets dropped by the packet path since its start, by reason.
    public var drops: [String: UInt64]

    public init(
        outerRoute: OuterRoute? = nil, outerRouteFault: String? = nil, boundPorts: [UInt16]? = nil,
        contact: PeerContact? = nil, drops: [String: UInt64] = [:]
    ) {
        self.outerRoute = outerRoute
        self.outerRouteFault = outerRouteFault
        self.boundPorts = boundPorts
        self.contact = contact
        self.drops = drops
    }
}

/// The IKE datagrams that went from and to one peer, as its daemon counts them since its start.
public struct PeerContact: Sendable, Hashable, Codable {
    public var peer: SiteName
    public var sent: UInt64
    public var received: UInt64
    /// Those sent since one was received: of an exchange that works there is one at most, when it is the peer's turn.
    public var unanswered: UInt64
    /// Nil when there was none.
    public var lastSentSecondsAgo: UInt64?
    public var lastReceivedSecondsAgo: UInt64?
    /// Why the kernel refused to send the last one; nil when it did not.
    public var sendFault: String?

    public init(
        peer: SiteName, sent: UInt64 = 0, received: UInt64 = 0, unanswered: UInt64 = 0, lastSentSecondsAgo: UInt64? = nil,
        lastReceivedSecondsAgo: UInt64? = nil, sendFault: String? = nil
    ) {
        self.peer = peer
        self.sent = sent
        self.received = received
        self.unanswered = unanswered
        self.lastSentSecondsAgo = lastSentSecondsAgo
        self.lastReceivedSecondsAgo = lastReceivedSecondsAgo
        self.sendFault = sendFault
    }
}
