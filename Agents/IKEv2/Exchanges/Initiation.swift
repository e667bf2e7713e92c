import WarrenModel

/// IKE_SA_INIT as its initiator (RFC 7296, 1.2).
extension IKEEngine {
    static let maximumRestarts = 4

    /// Begins an IKE SA with a peer, unless one is being begun.
    mutating func connect(_ site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        guard let state = peers[site] else { return }
        peers[site]?.connectAt = nil
        guard !isConnecting(site) else { return }
        let proposals = state.peer.parameters.ike.proposals
        guard let method = proposals.first?.keyExchange, let key = KeyExchangeKey(method, using: &random) else {
            peers[site]?.lastError = "NO_PROPOSAL_CHOSEN: no IKE proposal is configured"
            return
        }
        let spi = newIKESPI(&random), nonce = randomBytes(32, using: &random)
        let isForced = state.peer.parameters.encapsulation.forcesUDP
        let path = contactPath(state), isBehindNAT = isBehindNAT(path)
        peers[site]?.lastPath = nil
        let request = initRequest(spi, path, proposals, key, nonce, findsNAT: isForced || isBehindNAT, cookie: [])
        let retransmission = Retransmission([path.datagram(request)], now: now, configuration: configuration)
        outputs += retransmission.datagrams.map(IKEOutput.send)
        sessions[spi] = .initiating(
            InitiatorInit(
                peer: site, spi: spi, path: path, proposals: proposals, startedAt: now, nonce: nonce, isForced: isForced,
                isBehindNAT: isBehindNAT, keyExchange: key, request: request, retransmission: retransmission))
    }

    /// Where the peer is reached: by port 4500 as long as an IKE SA stands there, for a NAT before the peer lets nothing else in (RFC
    /// 7296, 2.23).
    private func contactPath(_ state: PeerState) -> Path {
        guard let known = currentSA(of: state.peer.peer)?.path ?? state.lastPath, known.addresses == state.peer.outer else {
            return state.path
        }
        return known
    }

    func isConnecting(_ site: SiteName) -> Bool {
        sessions.of(site).contains {
            switch $0.session {
            case .initiating, .authenticating: true
            default: false
            }
        }
    }

    func newIKESPI(_ random: inout some RandomNumberGenerator) -> IKESPI {
        var spi = IKESPI.zero
        repeat { spi = IKESPI(rawValue: random.next()) } while spi == .zero || sessions[spi] != nil
        return spi
    }

    private func initRequest(
        _ spi: IKESPI, _ path: Path, _ proposals: [IKEProposal], _ key: KeyExchangeKey, _ nonce: [UInt8], findsNAT: Bool,
        cookie: [UInt8]
    ) -> [UInt8] {
        let header = MessageHeader(
            initiatorSPI: spi, responderSPI: .zero, exchange: .ikeSAInit, fromInitiator: true, isResponse: false, messageID: 0)
        let first: [Payload] = cookie.isEmpty ? [] : [.notify(Notify(.cookie, data: cookie))]
        return PlainMessage.encode(
            header,
            first + [
                .securityAssociation(Negotiation.offer(proposals)),
                .keyExchange(group: key.method.groupNumber, data: key.publicValue), .nonce(nonce),
            ]
                + NATDetection.notifies(spi, .zero, local: path.local, remote: path.remote, findsNAT: findsNAT)
                + [.notify(Notify(.fragmentationSupported))])
    }

    mutating func receiveInit(
        _ state: InitiatorInit, _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        var state = state
        guard header.isResponse, !header.fromInitiator, header.messageID == 0,
            header.exchange == ExchangeType.ikeSAInit.rawValue, state.path.isSame(as: datagram),
            let payloads = try? PlainMessage.parse(datagram.bytes, header)
        else {
            sessions[state.spi] = .initiating(state)
            return
        }
        if let proposals = payloads.proposals, header.responderSPI != .zero {
            if authenticate(state, header, datagram, proposals, payloads, now: now, random: &random) { return }
        } else if let cookie = payloads.notify(.cookie), (1...64).contains(cookie.data.count) {
            state.cookie = cookie.data
            restart(&state, now: now)
        } else if let refusal = payloads.notify(.invalidKEPayload), refusal.data.count == 2,
            let method = KeyExchangeMethod(groupNumber: UInt16(refusal.data[0]) << 8 | UInt16(refusal.data[1])),
            method != state.keyExchange.method, state.proposals.contains(where: { $0.keyExchange == method }),
            let key = KeyExchangeKey(method, using: &random)
        {
            state.keyExchange = key
            restart(&state, now: now)
        } else if let error = payloads.firstError {
            // Nobody has proven this: it is noted, and the attempt goes on until its time is up (RFC 7296, 2.21.1).
            peers[state.peer]?.lastError = "\(error.name): the peer refused IKE_SA_INIT"
        }
        sessions[state.spi] = .initiating(state)
    }

    /// The same request again, with a cookie or another group; bounded, so that nobody keeps us at it.
    private mutating func restart(_ state: inout InitiatorInit, now: MonotonicTime) {
        guard state.restarts < Self.maximumRestarts else { return }
        state.restarts += 1
        state.request = initRequest(
            state.spi, state.path, state.proposals, state.keyExchange, state.nonce,
            findsNAT: state.isForced || state.isBehindNAT, cookie: state.cookie)
        state.retransmission = Retransmission([state.path.datagram(state.request)], now: now, configuration: configuration)
        outputs += state.retransmission.datagrams.map(IKEOutput.send)
    }

    /// Goes on to IKE_AUTH; false when the response is of no use, so that a better one may come.
    private mutating func authenticate(
        _ state: InitiatorInit, _ header: MessageHeader, _ datagram: IKEDatagram, _ proposals: [WireProposal],
        _ payloads: PayloadSet, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> Bool {
        guard let peer = peers[state.peer] else { return false }
        guard let proposal = Negotiation.chosen(proposals, from: state.proposals),
            proposal.keyExchange == state.keyExchange.method
        else {
            peers[state.peer]?.lastError = "NO_PROPOSAL_CHOSEN: the peer chose an IKE proposal that was not offered"
            return false
        }
        guard let nonce = payloads.nonce, let (group, value) = payloads.keyExchange,
            group == proposal.keyExchange.groupNumber, let shared = state.keyExchange.sharedSecret(with: value)
        else {
            peers[state.peer]?.lastError = "INVALID_KE_PAYLOAD: the peer's public value is not usable"
            return false
        }
        guard !state.isForced && !state.isBehindNAT || NATDetection.isKnown(to: payloads) else {
            peers[state.peer]?.lastError = "NAT_DETECTION_SOURCE_IP: the peer can't carry ESP in UDP"
            return false
        }
        let identity = IKEIdentity(initiatorSPI: state.spi, responderSPI: header.responderSPI, isInitiator: true)
        let outcome = InitOutcome(
            identity: identity, proposal: proposal,
            keys: IKEKeys(
                proposal: proposal, shared: shared, nonceInitiator: state.nonce, nonceResponder: nonce,
                initiatorSPI: state.spi, responderSPI: header.responderSPI),
            nonceInitiator: state.nonce, nonceResponder: nonce, request: state.request, response: datagram.bytes,
            nat: NATDetection.outcome(
                payloads, state.spi, header.responderSPI, state.path, forced: state.isForced,
                behindNAT: state.isBehindNAT),
            fragmentation: payloads.has(.fragmentationSupported))
        sendAuth(outcome, peer, path: state.path.floated, startedAt: state.startedAt, now: now, random: &random)
        return true
    }
}
