import WarrenModel

extension AgentAnswer {
    /// Nil for a chunk without a body, or with one of a kind that is not known here.
    public init?(wire: Warren_Agent_V1_AnswerChunk) throws(WireError) {
        switch wire.body {
        case .echo(let answer): self = .echo(try EchoAnswer(wire: answer))
        case .link(let observation): self = .link(try LinkObservation(wire: observation))
        case .capture(let chunk): self = .capture(try CaptureChunk(wire: chunk))
        case .facts(let fact): self = .facts(try Fact(wire: fact))
        case nil: return nil
        }
    }

    public func wire(to question: UInt64) -> Warren_Agent_V1_AnswerChunk {
        .with {
            $0.question = question
            switch self {
            case .echo(let answer): $0.echo = answer.wire
            case .link(let observation): $0.link = observation.wire
            case .capture(let chunk): $0.capture = chunk.wire
            case .facts(let fact): $0.facts = fact.wire
            }
        }
    }
}

extension Warren_Agent_V1_AnswerChunk {
    /// Why there is no answer, in words that may be shown; nil when nothing is said of that.
    public var refusal: String? {
        guard hasFault else { return nil }
        return (try? Field.prose(fault, "fault")) ?? "it says why at too great length"
    }
}

extension EchoAnswer {
    init(wire: Warren_Agent_V1_EchoAnswer) throws(WireError) {
        guard wire.sent <= EchoQuestion.mostRequests, wire.roundTripsMilliseconds.count <= Int(wire.sent) else {
            throw Field.fault("echo.sent", "more than can be")
        }
        self.init(
            source: try Field.address(wire.source, "echo.source"), sent: Int(wire.sent),
            roundTripsMilliseconds: try wire.roundTripsMilliseconds.read { item throws(WireError) in
                try Field.seconds(item, "echo.round_trips_milliseconds")
            }, fault: wire.hasFault ? try Field.prose(wire.fault, "echo.fault") : nil)
    }

    var wire: Warren_Agent_V1_EchoAnswer {
        .with {
            $0.source = source.wire
            $0.sent = UInt32(clamping: sent)
            $0.roundTripsMilliseconds = roundTripsMilliseconds
            if let fault { $0.fault = fault }
        }
    }
}

extension LinkObservation {
    init(wire: Warren_Agent_V1_LinkObservation) throws(WireError) {
        guard wire.securityAssociations.count <= LinkParts.mostItems else { throw Field.fault("link", "too many items") }
        self.init(
            peer: try Field.site(wire.peer, "link.peer"), version: wire.hasVersion ? StateVersion(wire: wire.version) : .none,
            wanted: try LinkParts(wire: wire.wanted), installed: try LinkParts(wire: wire.installed),
            isTunnelUp: wire.isTunnelUp, ike: wire.hasIke ? try IKEReport(wire: wire.ike) : nil,
            securityAssociations: try wire.securityAssociations.read { item throws(WireError) in try SAReport(wire: item) },
            probe: wire.hasProbe ? try ProbeReport(wire: wire.probe) : nil, evidence: try LinkEvidence(wire: wire.evidence),
            fault: wire.hasFault ? try Field.prose(wire.fault, "link.fault") : nil)
    }

    var wire: Warren_Agent_V1_LinkObservation {
        .with {
            $0.peer = peer.description
            $0.version = version.wire
            $0.wanted = wanted.wire
            $0.installed = installed.wire
            $0.isTunnelUp = isTunnelUp
            if let ike { $0.ike = ike.wire }
            $0.securityAssociations = securityAssociations.map(\.wire)
            if let probe { $0.probe = probe.wire }
            $0.evidence = evidence.wire
            if let fault { $0.fault = fault }
        }
    }
}

extension LinkParts {
    /// Of each kind.
    static let mostItems = 10_000

    init(wire: Warren_Agent_V1_LinkParts) throws(WireError) {
        guard [wire.policies.count, wire.routes.count, wire.firewall.count].allSatisfy({ $0 <= Self.mostItems }) else {
            throw Field.fault("link", "too many items")
        }
        self.init(
            tunnel: wire.hasTunnel ? try GIFTunnel(wire: wire.tunnel) : nil,
            ikePeer: wire.hasIkePeer ? try IKEPeer(wire: wire.ikePeer) : nil,
            policies: try wire.policies.read { item throws(WireError) in try SecurityPolicy(wire: item) },
            routes: try wire.routes.read { item throws(WireError) in try Route(wire: item) },
            firewall: try wire.firewall.read { item throws(WireError) in try FirewallRule(wire: item) })
    }

    var wire: Warren_Agent_V1_LinkParts {
        .with {
            if let tunnel { $0.tunnel = tunnel.wire }
            if let ikePeer { $0.ikePeer = ikePeer.wire }
            $0.policies = policies.map(\.wire)
            $0.routes = routes.map(\.wire)
            $0.firewall = firewall.map(\.wire)
        }
    }
}

extension LinkEvidence {
    private static let mostReasons = 256

    init(wire: Warren_Agent_V1_LinkEvidence) throws(WireError) {
        guard wire.drops.count <= Self.mostReasons else { throw Field.fault("evidence.drops", "too many") }
        var drops: [String: UInt64] = [:]
        for (reason, packets) in wire.drops { drops[try Field.prose(reason, "evidence.drops")] = packets }
        self.init(
            outerRoute: wire.hasOuterRoute ? try OuterRoute(wire: wire.outerRoute) : nil,
            outerRouteFault: wire.hasOuterRouteFault ? try Field.prose(wire.outerRouteFault, "evidence.outer_route") : nil,
            boundPorts: wire.hasBoundPorts
                ? try wire.boundPorts.ports.read { port throws(WireError) in try Field.narrow(port, "evidence.bound_ports") }
                : nil, contact: wire.hasContact ? try PeerContact(wire: wire.contact) : nil, drops: drops)
    }

    var wire: Warren_Agent_V1_LinkEvidence {
        .with {
            if let outerRoute { $0.outerRoute = outerRoute.wire }
            if let outerRouteFault { $0.outerRouteFault = outerRouteFault }
            if let boundPorts { $0.boundPorts.ports = boundPorts.map(UInt32.init) }
            if let contact { $0.contact = contact.wire }
            $0.drops = drops
        }
    }
}

extension LinkEvidence.OuterRoute {
    init(wire: Warren_Agent_V1_LinkEvidence.OuterRoute) throws(WireError) {
        self.init(
            interface: try Field.prose(wire.interface, "outer_route.interface"),
            source: wire.hasSource ? try Field.address(wire.source, "outer_route.source") : nil,
            gateway: wire.hasGateway ? try Field.address(wire.gateway, "outer_route.gateway") : nil)
    }

    var wire: Warren_Agent_V1_LinkEvidence.OuterRoute {
        .with {
            $0.interface = interface
            if let source { $0.source = source.wire }
            if let gateway { $0.gateway = gateway.wire }
        }
    }
}

extension PeerContact {
    init(wire: Warren_Agent_V1_PeerContact) throws(WireError) {
        self.init(
            peer: try Field.site(wire.peer, "contact.peer"), sent: wire.sent, received: wire.received,
            unanswered: wire.unanswered,
            lastSentSecondsAgo: wire.hasLastSentSecondsAgo ? wire.lastSentSecondsAgo : nil,
            lastReceivedSecondsAgo: wire.hasLastReceivedSecondsAgo ? wire.lastReceivedSecondsAgo : nil,
            sendFault: wire.hasSendFault ? try Field.prose(wire.sendFault, "contact.send_fault") : nil)
    }

    var wire: Warren_Agent_V1_PeerContact {
        .with {
            $0.peer = peer.description
            $0.sent = sent
            $0.received = received
            $0.unanswered = unanswered
            if let lastSentSecondsAgo { $0.lastSentSecondsAgo = lastSentSecondsAgo }
            if let lastReceivedSecondsAgo { $0.lastReceivedSecondsAgo = lastReceivedSecondsAgo }
            if let sendFault { $0.sendFault = sendFault }
        }
    }
}
