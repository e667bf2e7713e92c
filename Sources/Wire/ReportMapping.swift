import WarrenModel

extension AgentReport {
    /// The most items of one kind in a report.
    static let maximumItems = 100_000

    /// - Parameter site: who sent it, from its certificate.
    public init(wire: Warren_Agent_V1_AgentReport, from site: SiteName) throws(WireError) {
        let counts = [
            wire.tunnels.count, wire.routes.count, wire.securityAssociations.count, wire.ike.count, wire.probes.count,
            wire.drift.count,
        ]
        guard counts.allSatisfy({ $0 <= Self.maximumItems }) else { throw Field.fault("report", "too many items") }
        self.init(
            site: site, agentVersion: try Field.prose(wire.agentVersion, "agent_version"),
            version: wire.hasVersion ? StateVersion(wire: wire.version) : .none, isOnTrial: wire.onTrial,
            rejected: wire.hasRejected ? StateVersion(wire: wire.rejected) : nil,
            outerAddresses: try wire.outerAddresses.prefix(2).read { item throws(WireError) in
                try Field.address(item, "outer_addresses")
            },
            tunnels: try wire.tunnels.read { item throws(WireError) in try TunnelReport(wire: item) },
            routes: try wire.routes.read { item throws(WireError) in try Route(wire: item) },
            securityAssociations: try wire.securityAssociations.read { item throws(WireError) in try SAReport(wire: item) },
            ike: try wire.ike.read { item throws(WireError) in try IKEReport(wire: item) },
            probes: try wire.probes.read { item throws(WireError) in try ProbeReport(wire: item) },
            drift: try wire.drift.read { item throws(WireError) in try Field.prose(item, "drift") },
            failure: wire.hasFailure ? try Field.prose(wire.failure, "failure") : nil)
    }

    public var wire: Warren_Agent_V1_AgentReport {
        .with {
            $0.agentVersion = agentVersion
            $0.version = version.wire
            $0.onTrial = isOnTrial
            if let rejected { $0.rejected = rejected.wire }
            $0.outerAddresses = outerAddresses.map(\.wire)
            $0.tunnels = tunnels.map(\.wire)
            $0.routes = routes.map(\.wire)
            $0.securityAssociations = securityAssociations.map(\.wire)
            $0.ike = ike.map(\.wire)
            $0.probes = probes.map(\.wire)
            $0.drift = drift
            if let failure { $0.failure = failure }
        }
    }
}

extension TunnelReport {
    init(wire: Warren_Agent_V1_TunnelReport) throws(WireError) {
        self.init(
            tunnel: try GIFTunnel(wire: try Field.present(wire.hasTunnel, wire.tunnel, "tunnels.tunnel")), isUp: wire.isUp,
            receivedPackets: wire.receivedPackets, receivedBytes: wire.receivedBytes, sentPackets: wire.sentPackets,
            sentBytes: wire.sentBytes)
    }

    var wire: Warren_Agent_V1_TunnelReport {
        .with {
            $0.tunnel = tunnel.wire
            $0.isUp = isUp
            $0.receivedPackets = receivedPackets
            $0.receivedBytes = receivedBytes
            $0.sentPackets = sentPackets
            $0.sentBytes = sentBytes
        }
    }
}

extension SAReport {
    init(wire: Warren_Agent_V1_SAReport) throws(WireError) {
        guard let encryption = EncryptionAlgorithm(rawValue: wire.encryption) else {
            throw Field.fault("security_associations.encryption", "unknown")
        }
        self.init(
            peer: try Field.site(wire.peer, "security_associations.peer"),
            direction: try SecurityPolicy.Direction(wire: wire.direction), spi: SPI(rawValue: wire.spi), encryption: encryption,
            extendedSequenceNumbers: wire.extendedSequenceNumbers, mode: try IPsecMode(wire: wire.mode),
            outer: try AddressPair(
                wire: try Field.present(wire.hasOuter, wire.outer, "security_associations.outer"), "security_associations.outer"
            ),
            ageSeconds: wire.ageSeconds, packets: wire.packets, bytes: wire.bytes, rekeyInSeconds: wire.rekeyInSeconds,
            isInUDP: wire.hasInUdp ? wire.inUdp : nil)
    }

    var wire: Warren_Agent_V1_SAReport {
        .with {
            $0.peer = peer.description
            $0.direction = direction.wire
            $0.spi = spi.rawValue
            $0.encryption = encryption.rawValue
            $0.extendedSequenceNumbers = extendedSequenceNumbers
            $0.mode = mode.wire
            $0.outer = outer.wire
            $0.ageSeconds = ageSeconds
            $0.packets = packets
            $0.bytes = bytes
            $0.rekeyInSeconds = rekeyInSeconds
            if let isInUDP { $0.inUdp = isInUDP }
        }
    }
}

extension IKEReport {
    init(wire: Warren_Agent_V1_IKEReport) throws(WireError) {
        self.init(
            peer: try Field.site(wire.peer, "ike.peer"), state: try State(wire: wire.state), ageSeconds: wire.ageSeconds,
            proposal: wire.hasProposal ? try Field.proposal(wire.proposal, "ike.proposal") : nil,
            lastError: wire.hasLastError ? try Field.prose(wire.lastError, "ike.last_error") : nil,
            runsAsPreferred: wire.hasRunsAsPreferred ? wire.runsAsPreferred : nil)
    }

    var wire: Warren_Agent_V1_IKEReport {
        .with {
            $0.peer = peer.description
            $0.state = state.wire
            $0.ageSeconds = ageSeconds
            if let proposal { $0.proposal = proposal.description }
            if let lastError { $0.lastError = lastError }
            if let runsAsPreferred { $0.runsAsPreferred = runsAsPreferred }
        }
    }
}

extension ProbeReport {
    init(wire: Warren_Agent_V1_ProbeReport) throws(WireError) {
        self.init(
            peer: try Field.site(wire.peer, "probes.peer"),
            lastAnswerSecondsAgo: wire.hasLastAnswerSecondsAgo
                ? try Field.seconds(wire.lastAnswerSecondsAgo, "probes.last_answer_seconds_ago") : nil,
            roundTripMilliseconds: wire.hasRoundTripMilliseconds
                ? try Field.seconds(wire.roundTripMilliseconds, "probes.round_trip_milliseconds") : nil,
            sent: wire.sent, answered: wire.answered,
            lossPercent: wire.hasLossPercent ? try Field.seconds(wire.lossPercent, "probes.loss_percent") : nil,
            pathMTU: wire.hasPathMtu ? wire.pathMtu : nil)
    }

    var wire: Warren_Agent_V1_ProbeReport {
        .with {
            $0.peer = peer.description
            if let lastAnswerSecondsAgo { $0.lastAnswerSecondsAgo = lastAnswerSecondsAgo }
            if let roundTripMilliseconds { $0.roundTripMilliseconds = roundTripMilliseconds }
            $0.sent = sent
            $0.answered = answered
            if let lossPercent { $0.lossPercent = lossPercent }
            if let pathMTU { $0.pathMtu = pathMTU }
        }
    }
}
