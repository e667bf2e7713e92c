import WarrenModel

/// IKE_SA_INIT and IKE_AUTH as their responder.
extension IKEEngine {
    mutating func answerInit(
        _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        guard header.fromInitiator, header.messageID == 0, header.initiatorSPI != .zero, header.responderSPI == .zero,
            let site = site(local: datagram.local.address, remote: datagram.remote.address), let peer = peers[site]
        else { return }
        let path = Path(local: datagram.local, remote: datagram.remote)
        // A repetition gets the same bytes again; one that comes after IKE_AUTH gets nothing.
        for (_, session) in sessions.of(site) {
            switch session {
            case .accepting(let state) where state.outcome.request == datagram.bytes:
                outputs.append(
                    .send(IKEDatagram(local: datagram.local, remote: datagram.remote, bytes: state.outcome.response)))
                return
            case .established(let sa) where !sa.identity.isInitiator && sa.identity.initiatorSPI == header.initiatorSPI: return
            default: break
            }
        }
        let payloads: PayloadSet
        do { payloads = try PlainMessage.parse(datagram.bytes, header) } catch {
            if case .unsupportedCriticalPayload(let type) = error, mayReact(to: site, now: now) {
                replyInit(header, [.notify(Notify(.unsupportedCriticalPayload, data: [type]))], datagram)
            }
            return
        }
        guard let offered = payloads.proposals, let nonce = payloads.nonce, let (group, value) = payloads.keyExchange,
            admit(header, datagram, payloads, nonce: nonce, from: site, now: now, random: &random)
        else { return }
        guard let (proposal, answer, _) = Negotiation.choose(offered, from: peer.ikeProposals(on: path)) else {
            peers[site]?.lastError = "NO_PROPOSAL_CHOSEN: the peer offered no IKE proposal that is configured"
            return replyInit(header, [.notify(Notify(.noProposalChosen))], datagram)
        }
        guard group == proposal.keyExchange.groupNumber else {
            var wanted = ByteWriter()
            wanted.uint16(proposal.keyExchange.groupNumber)
            return replyInit(header, [.notify(Notify(.invalidKEPayload, data: wanted.bytes))], datagram)
        }
        guard let key = KeyExchangeKey(proposal.keyExchange, using: &random), let shared = key.sharedSecret(with: value) else {
            return
        }
        let spi = newIKESPI(&random), ourNonce = randomBytes(32, using: &random)
        let identity = IKEIdentity(initiatorSPI: header.initiatorSPI, responderSPI: spi, isInitiator: false)
        let isForced = peer.forcesUDP(on: path), isBehindNAT = isBehindNAT(path)
        let nat = NATDetection.outcome(
            payloads, header.initiatorSPI, .zero, path, forced: isForced, behindNAT: isBehindNAT)
        let fragmentation = payloads.has(.fragmentationSupported)
        let response = PlainMessage.encode(
            identity.header(.ikeSAInit, isResponse: true, messageID: 0),
            [
                .securityAssociation([answer]), .keyExchange(group: group, data: key.publicValue), .nonce(ourNonce),
            ]
                + (NATDetection.isKnown(to: payloads)
                    ? NATDetection.notifies(
                        header.initiatorSPI, spi, local: datagram.local, remote: datagram.remote,
                        findsNAT: isForced || isBehindNAT) : [])
                + (fragmentation ? [.notify(Notify(.fragmentationSupported))] : []))
        let keys = IKEKeys(
            proposal: proposal, shared: shared, nonceInitiator: nonce, nonceResponder: ourNonce,
            initiatorSPI: header.initiatorSPI, responderSPI: spi)
        let outcome = InitOutcome(
            identity: identity, proposal: proposal, keys: keys, nonceInitiator: nonce, nonceResponder: ourNonce,
            request: datagram.bytes, response: response, nat: nat, fragmentation: fragmentation)
        sessions[spi] = .accepting(
            ResponderInit(
                peer: site, path: path, outcome: outcome,
                envelope: Envelope(keys: keys, asInitiator: false), createdAt: now))
        outputs.append(.send(IKEDatagram(local: datagram.local, remote: datagram.remote, bytes: response)))
    }

    private mutating func replyInit(_ header: MessageHeader, _ payloads: [Payload], _ datagram: IKEDatagram) {
        var reply = header
        reply.isResponse = true
        reply.fromInitiator = false
        sendPlain(reply, payloads, to: datagram)
    }

    /// Asks for a cookie when many IKE SAs are half open, and makes room for one more.
    private mutating func admit(
        _ header: MessageHeader, _ datagram: IKEDatagram, _ payloads: PayloadSet, nonce: [UInt8], from site: SiteName,
        now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> Bool {
        let halfOpen = sessions.values.compactMap { if case .accepting(let state) = $0 { state } else { nil } }
        let own = halfOpen.filter { $0.peer == site }.sorted { $0.createdAt < $1.createdAt }
        if halfOpen.count >= configuration.cookieThreshold || own.count >= configuration.cookieThresholdPerPeer {
            let cookie = payloads.notify(.cookie)?.data ?? []
            guard
                cookies.accepts(cookie, nonce: nonce, remote: datagram.remote, spi: header.initiatorSPI, now: now)
            else {
                let fresh = cookies.issue(
                    nonce: nonce, remote: datagram.remote, spi: header.initiatorSPI, now: now, random: &random)
                replyInit(header, [.notify(Notify(.cookie, data: fresh))], datagram)
                return false
            }
        }
        if own.count >= configuration.halfOpenLimitPerPeer, let oldest = own.first {
            sessions[oldest.outcome.identity.ours] = nil
        }
        return true
    }

    mutating func answerAuth(
        _ state: ResponderInit, _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        var state = state
        let spi = state.outcome.identity.ours
        guard !header.isResponse, header.exchange == ExchangeType.ikeAuth.rawValue, header.messageID == 1,
            case .whole(let first, let plaintext) = state.envelope.open(datagram.bytes, header, &state.fragments)
        else {
            sessions[spi] = .accepting(state)
            return
        }
        guard let peer = peers[state.peer] else { return }
        let payloads: PayloadSet
        do { payloads = PayloadSet(try PayloadChain.parse(plaintext[...], first: first)) } catch {
            if case .unsupportedCriticalPayload(let type) = error {
                return refuse(state, Notify(.unsupportedCriticalPayload, data: [type]), nil, datagram, now: now)
            }
            return refuse(state, Notify(.invalidSyntax), nil, datagram, now: now)
        }
        guard let identity = payloads.identificationInitiator, let (method, data) = payloads.authentication,
            method == SharedKeyAuthentication.method, identity.address == state.path.remote.address,
            payloads.identificationResponder.map({ $0.address == state.path.local.address }) ?? true,
            let key = provenKey(SecretBytes(data), state.outcome, identity, of: peer)
        else {
            return refuse(
                state, Notify(.authenticationFailed), "AUTHENTICATION_FAILED: the peer did not prove \(peer.keyText)", datagram,
                now: now)
        }
        guard peer.ikeProposals(on: state.path).contains(state.outcome.proposal) else {
            // Configured otherwise since IKE_SA_INIT.
            return refuse(state, Notify(.noProposalChosen), nil, datagram, now: now)
        }
        accept(state, peer, key, payloads, datagram, now: now, random: &random)
    }

    /// The accepted key that the peer has proven. All are tried, each in the same time, so that how long it takes does not
    /// tell which one is right.
    private func provenKey(
        _ code: SecretBytes, _ outcome: InitOutcome, _ identity: Identification, of peer: PeerState
    ) -> PreSharedKey? {
        var proven: PreSharedKey?
        for key in peer.acceptedKeys {
            let expected = SharedKeyAuthentication.code(
                prf: outcome.keys.prf, key: key, message: outcome.request, peerNonce: outcome.nonceResponder,
                identity: identity, identityKey: outcome.keys.authenticationInitiator)
            if code == expected { proven = key }
        }
        return proven
    }

    /// The peer has proven the key: from here on the IKE SA stands, whatever becomes of the child SA (RFC 7296, 1.2).
    private mutating func accept(
        _ state: ResponderInit, _ peer: PeerState, _ key: PreSharedKey, _ payloads: PayloadSet, _ datagram: IKEDatagram,
        now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        var sa = establishedSA(
            state.outcome, peer: peer.peer, key: key, path: Path(local: datagram.local, remote: datagram.remote),
            envelope: state.envelope, now: now, random: &random)
        sa.expectedRequestID = 1
        sa.hasQueues = payloads.has(.saResourceInfo) && wantsQueues(state.outcome.nat, on: sa.path)
        log(state.peer, .established, "IKE SA \(sa.identity.ours) \(sa.proposal) as responder")
        if payloads.has(.initialContact) { forgetEstablished(of: state.peer) }
        sa.isUnconfirmed = isCarrying(state.peer)
        let own = Identification(state.path.local.address)
        let code = SharedKeyAuthentication.code(
            prf: state.outcome.keys.prf, key: key, message: state.outcome.response,
            peerNonce: state.outcome.nonceInitiator, identity: own,
            identityKey: state.outcome.keys.authenticationResponder)
        var reply: [Payload] = [
            .identificationResponder(own),
            .authentication(method: SharedKeyAuthentication.method, data: code.withBytes { Array($0) }),
        ]
        if payloads.proposals != nil {
            let exchange = ChildExchange(
                nonceInitiator: state.outcome.nonceInitiator, nonceResponder: state.outcome.nonceResponder, inAuth: true)
            reply += answerChild(&sa, payloads, exchange, replacing: nil, now: now, random: &random).payloads
        }
        if sa.hasQueues { reply.append(.notify(Notify(.saResourceInfo))) }
        respond(&sa, .ikeAuth, reply, to: datagram)
        succeed(by: &sa)
        // Its answer shows that the peer has this IKE SA, should no packet come that does.
        if sa.isUnconfirmed { sa.enqueue(.liveness) }
        settle(sa, now: now, random: &random)
        limitEstablished(of: state.peer, now: now)
    }

    /// A peer that makes IKE SAs and deletes none loses its oldest: the key is no licence to fill our memory.
    private mutating func limitEstablished(of site: SiteName, now: MonotonicTime) {
        let standing = activeSAs(of: site)
        guard standing.count > configuration.establishedLimitPerPeer else { return }
        let spare = standing.filter { $0.identity.ours != peers[site]?.current }
        if let oldest = spare.min(by: { $0.createdAt < $1.createdAt }) { retire(oldest, now: now) }
    }

    private mutating func refuse(
        _ state: ResponderInit, _ notify: Notify, _ reason: String?, _ datagram: IKEDatagram, now: MonotonicTime
    ) {
        var state = state
        if let reason {
            peers[state.peer]?.lastError = reason
            log(state.peer, .refused, reason)
        }
        let bytes = state.envelope.seal(
            state.outcome.identity.header(.ikeAuth, isResponse: true, messageID: 1), [.notify(notify)], fragmentation: false,
            limit: 0)
        outputs += bytes.map { .send(IKEDatagram(local: datagram.local, remote: datagram.remote, bytes: $0)) }
        makeRoomForRefused(of: state.peer)
        sessions[state.outcome.identity.ours] = .closed(
            ClosedSA(
                peer: state.peer, path: state.path, wasEstablished: false, identity: state.outcome.identity,
                envelope: state.envelope, lastRequestID: 1, response: bytes, expiresAt: now + configuration.closedLifetime))
    }

    /// Whoever can receive at a peer's address gets this far without the key, as often as he likes.
    private mutating func makeRoomForRefused(of site: SiteName) {
        let refused = sessions.of(site).compactMap {
            if case .closed(let state) = $0.session, !state.wasEstablished { state } else { nil }
        }
        guard refused.count >= configuration.halfOpenLimitPerPeer else { return }
        if let oldest = refused.min(by: { $0.expiresAt < $1.expiresAt }) { sessions[oldest.identity.ours] = nil }
    }
}
