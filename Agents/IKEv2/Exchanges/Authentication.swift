import WarrenModel

/// IKE_AUTH as its initiator (RFC 7296, 1.2 and 2.15).
extension IKEEngine {
    mutating func sendAuth(
        _ outcome: InitOutcome, _ peer: PeerState, path: Path, startedAt: MonotonicTime, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        var envelope = Envelope(keys: outcome.keys, asInitiator: true)
        let offer = ChildOffer(
            inboundSPI: newSPI(of: 0, &random), nonce: outcome.nonceInitiator, keyExchange: nil, rekeys: nil, queue: 0,
            namesQueue: wantsQueues(outcome.nat, on: path), restarts: 0, way: peer.peer.preferred)
        let identity = Identification(path.local.address)
        let code = SharedKeyAuthentication.code(
            prf: outcome.keys.prf, key: peer.preferredKey, message: outcome.request, peerNonce: outcome.nonceResponder,
            identity: identity, identityKey: outcome.keys.authenticationInitiator)
        var payloads: [Payload] = [.identificationInitiator(identity)]
        if activeSAs(of: peer.peer.peer).isEmpty { payloads.append(.notify(Notify(.initialContact))) }
        payloads += [
            .identificationResponder(Identification(path.remote.address)),
            .authentication(method: SharedKeyAuthentication.method, data: code.withBytes { Array($0) }),
        ]
        payloads += childRequest(offer, withKeyExchange: false)
        let bytes = envelope.seal(
            outcome.identity.header(.ikeAuth, isResponse: false, messageID: 1), payloads,
            fragmentation: outcome.fragmentation, limit: configuration.fragmentLength)
        let retransmission = Retransmission(bytes.map(path.datagram), now: now, configuration: configuration)
        outputs += retransmission.datagrams.map(IKEOutput.send)
        sessions[outcome.identity.ours] = .authenticating(
            InitiatorAuth(
                peer: peer.peer.peer, path: path, startedAt: startedAt, outcome: outcome, envelope: envelope, child: offer,
                retransmission: retransmission))
    }

    mutating func receiveAuth(
        _ state: InitiatorAuth, _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        var state = state
        let spi = state.outcome.identity.ours
        guard header.isResponse, header.exchange == ExchangeType.ikeAuth.rawValue, header.messageID == 1,
            case .whole(let first, let plaintext) = state.envelope.open(datagram.bytes, header, &state.fragments)
        else {
            sessions[spi] = .authenticating(state)
            return
        }
        guard let peer = peers[state.peer], let chain = try? PayloadChain.parse(plaintext[...], first: first) else {
            return fail(state, "INVALID_SYNTAX: the peer's IKE_AUTH response can't be read", now: now, random: &random)
        }
        let payloads = PayloadSet(chain), epoch = peer.peer.key.epoch
        guard let (method, data) = payloads.authentication, let identity = payloads.identificationResponder else {
            guard let error = payloads.firstError, !payloads.has(.authenticationFailed) else {
                let reason = "AUTHENTICATION_FAILED: the peer did not accept our proof of the shared key of epoch \(epoch)"
                return fail(state, reason, now: now, random: &random)
            }
            return fail(state, "\(error.name): the peer refused IKE_AUTH", now: now, random: &random)
        }
        let expected = SharedKeyAuthentication.code(
            prf: state.outcome.keys.prf, key: peer.preferredKey, message: state.outcome.response,
            peerNonce: state.outcome.nonceInitiator, identity: identity,
            identityKey: state.outcome.keys.authenticationResponder)
        guard method == SharedKeyAuthentication.method, identity.address == state.path.remote.address,
            SecretBytes(data) == expected
        else {
            // The peer believes in this IKE SA: tell it, once (RFC 7296, 2.21.2).
            let bytes = state.envelope.seal(
                state.outcome.identity.header(.informational, isResponse: false, messageID: 2),
                [.notify(Notify(.authenticationFailed))], fragmentation: false, limit: 0)
            outputs += bytes.map { .send(state.path.datagram($0)) }
            let reason = "AUTHENTICATION_FAILED: the peer did not prove the shared key of epoch \(epoch)"
            return fail(state, reason, now: now, random: &random)
        }
        var sa = establishedSA(
            state.outcome, peer: peer.peer, key: peer.preferredKey, path: state.path, envelope: state.envelope, now: now,
            random: &random)
        sa.nextRequestID = 2
        sa.hasQueues = state.child.namesQueue && payloads.has(.saResourceInfo)
        log(state.peer, .established, "IKE SA \(spi) \(sa.proposal) as initiator")
        sa.authNonces = (state.outcome.nonceInitiator, state.outcome.nonceResponder)
        finishChild(&sa, state.child, payloads, inAuth: true, now: now, random: &random)
        sa.authNonces = ([], [])
        if !sa.carries, isCarrying(state.peer) {
            // An IKE SA without what it was made for replaces nothing.
            retire(sa, now: now)
            return reconnect(state.peer, within: configuration.attemptPause, now: now, random: &random)
        }
        supersede(by: &sa, initiated: state.startedAt, now: now)
        settle(sa, now: now, random: &random)
    }

    /// Ends an attempt, and plans the next.
    mutating func fail(
        _ state: InitiatorAuth, _ reason: String, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        reservedSPIs.remove(state.child.inboundSPI)
        attemptFailed(state.peer, reason, now: now, random: &random)
    }

    mutating func attemptFailed(
        _ site: SiteName, _ reason: String, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        peers[site]?.lastError = reason
        log(site, .failed, reason)
        reconnect(site, within: configuration.attemptPause, now: now, random: &random)
    }

    /// Plans the next attempt when this end is the one that makes them.
    mutating func reconnect(
        _ site: SiteName, within pause: Duration, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        guard let state = peers[site], makesContact(state) || state.isPursuing else { return }
        // The end that does not make the link is in no hurry: what stands carries meanwhile, or the other end may get through.
        let least: Duration = state.peer.initiator ? .zero : makesContact(state) ? .seconds(2) : configuration.pursuitPause
        let pause = max(pause, least)
        let share = Double.random(in: 0.5...1, using: &random)
        let at = now + .milliseconds(Int64(pause.inSeconds * share * 1000))
        peers[site]?.connectAt = min(state.connectAt ?? .never, at)
    }

    func establishedSA(
        _ outcome: InitOutcome, peer: IKEPeer, key: PreSharedKey, path: Path, envelope: Envelope, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> IKESA {
        let seconds = peer.parameters.ike.lifetimeSeconds
        return IKESA(
            peer: peer.peer, identity: outcome.identity, proposal: outcome.proposal, keys: outcome.keys, key: key,
            path: path, nat: outcome.nat, fragmentation: outcome.fragmentation, createdAt: now, envelope: envelope,
            nextRequestID: 0, expectedRequestID: 0,
            softAt: now + Lifetimes.soft(seconds: seconds, isInitiator: peer.initiator, random: &random),
            hardAt: now + Lifetimes.hard(seconds: seconds), lastHeardAt: now,
            keepaliveAt: outcome.nat.behindNAT ? now + configuration.keepalive : nil)
    }
}
