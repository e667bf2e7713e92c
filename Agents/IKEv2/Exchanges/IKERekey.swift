import WarrenModel

/// Replacing an IKE SA by a new one that takes its child SAs over (RFC 7296, 1.3.2, 2.18 and 2.25.2).
extension IKEEngine {
    mutating func requestIKERekey(
        _ sa: inout IKESA, group: KeyExchangeMethod? = nil, restarts: Int = 0, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        guard sa.standing == .active, let proposals = peers[sa.peer]?.ikeProposals(succeeding: sa) else { return }
        guard let method = group ?? proposals.first?.keyExchange, let key = KeyExchangeKey(method, using: &random) else {
            return
        }
        let offer = IKERekeyOffer(
            spi: newIKESPI(&random), nonce: randomBytes(32, using: &random), keyExchange: key, restarts: restarts,
            proposals: proposals)
        request(
            &sa, .createChildSA, .rekeyIKE(offer),
            [
                .securityAssociation(Negotiation.offer(proposals, spi: offer.spi)), .nonce(offer.nonce),
                .keyExchange(group: method.groupNumber, data: key.publicValue),
            ], now: now)
    }

    mutating func finishIKERekey(
        _ sa: inout IKESA, _ offer: IKERekeyOffer, _ payloads: PayloadSet, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        guard let peer = peers[sa.peer]?.peer else { return }
        guard let answer = payloads.proposals, let proposal = Negotiation.chosen(answer, from: offer.proposals),
            let responderSPI = answer.first.flatMap({ IKESPI(networkBytes: $0.spi) }), responderSPI != .zero,
            let nonce = payloads.nonce, let (group, value) = payloads.keyExchange,
            proposal.keyExchange == offer.keyExchange.method, group == proposal.keyExchange.groupNumber,
            let shared = offer.keyExchange.sharedSecret(with: value)
        else {
            guard sa.standing == .active else { return }
            if let rival = offer.rival { return adopt(rival.identifier, from: &sa, now: now) }
            return ikeRekeyRefused(&sa, offer, payloads.firstError, now: now, random: &random)
        }
        let identity = IKEIdentity(initiatorSPI: offer.spi, responderSPI: responderSPI, isInitiator: true)
        let keys = IKEKeys(
            replacing: sa.keys, proposal: proposal, shared: shared, nonceInitiator: offer.nonce, nonceResponder: nonce,
            initiatorSPI: identity.initiatorSPI, responderSPI: identity.responderSPI)
        var new = successor(of: sa, identity: identity, proposal: proposal, keys: keys, peer, now: now, random: &random)
        guard sa.standing == .active else {
            // We are deleting what it replaces, so it goes, too. The peer has moved the child SAs there.
            new.standing = .closing
            new.lingering = sa.lingering
            sa.lingering = []
            new.expiresAt = now + configuration.closedLifetime
            new.enqueue(.deleteIKE)
            return settle(new, now: now, random: &random)
        }
        if let rival = offer.rival, rival.winsOver(offer.nonce, nonce) {
            new.standing = .closing
            new.expiresAt = now + configuration.closedLifetime
            new.enqueue(.deleteIKE)
            settle(new, now: now, random: &random)
            return adopt(rival.identifier, from: &sa, now: now)
        }
        if let rival = offer.rival, case .established(var other) = sessions[rival.identifier] {
            other.standing = .replaced
            other.expiresAt = now + configuration.closedLifetime
            sessions[rival.identifier] = .established(other)
        }
        sessions[identity.ours] = .established(new)
        adopt(identity.ours, from: &sa, now: now)
        sa.standing = .closing
        sa.enqueue(.deleteIKE)
        log(sa.peer, .ikeRekeyed, "IKE SA \(identity.ours) \(proposal)")
        // Work that moved over begins at once.
        if case .established(let moved) = sessions[identity.ours] { settle(moved, now: now, random: &random) }
    }

    private mutating func ikeRekeyRefused(
        _ sa: inout IKESA, _ offer: IKERekeyOffer, _ error: Notify?, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        if error?.known == .invalidKEPayload, let data = error?.data, data.count == 2, offer.restarts < 2,
            let method = KeyExchangeMethod(groupNumber: UInt16(data[0]) << 8 | UInt16(data[1])),
            method != offer.keyExchange.method, offer.proposals.contains(where: { $0.keyExchange == method })
        {
            return requestIKERekey(&sa, group: method, restarts: offer.restarts + 1, now: now, random: &random)
        }
        let isTemporary = error?.known == .temporaryFailure
        if !isTemporary {
            peers[sa.peer]?.lastError = "\(error?.name ?? "NO_PROPOSAL_CHOSEN"): the peer refused to rekey the IKE SA"
        }
        sa.softAt = now + .milliseconds(Int64.random(in: isTemporary ? 500...1500 : 4000...8000, using: &random))
    }

    mutating func answerIKERekey(
        _ sa: inout IKESA, _ payloads: PayloadSet, _ offered: [WireProposal], nonce: [UInt8], now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> [Payload] {
        guard sa.standing == .active, !sa.isBusyWithChild, let state = peers[sa.peer] else {
            return [.notify(Notify(.temporaryFailure))]
        }
        var collision: IKERekeyOffer?
        if case .rekeyIKE(let offer) = sa.outstanding?.exchange {
            // A second rekey while ours is open can't come from an honest peer: its window is 1.
            guard offer.rival == nil else { return [.notify(Notify(.temporaryFailure))] }
            collision = offer
        }
        let spi = newIKESPI(&random)
        guard let (proposal, answer, peerSPI) = Negotiation.choose(offered, from: state.ikeProposals(on: sa.path), spi: spi),
            let initiatorSPI = IKESPI(networkBytes: peerSPI), initiatorSPI != .zero
        else { return [.notify(Notify(.noProposalChosen))] }
        guard let (group, value) = payloads.keyExchange, group == proposal.keyExchange.groupNumber else {
            var wanted = ByteWriter()
            wanted.uint16(proposal.keyExchange.groupNumber)
            return [.notify(Notify(.invalidKEPayload, data: wanted.bytes))]
        }
        guard let key = KeyExchangeKey(proposal.keyExchange, using: &random), let shared = key.sharedSecret(with: value) else {
            return [.notify(Notify(.invalidSyntax))]
        }
        let ourNonce = randomBytes(32, using: &random)
        let identity = IKEIdentity(initiatorSPI: initiatorSPI, responderSPI: spi, isInitiator: false)
        let keys = IKEKeys(
            replacing: sa.keys, proposal: proposal, shared: shared, nonceInitiator: nonce, nonceResponder: ourNonce,
            initiatorSPI: initiatorSPI, responderSPI: spi)
        var new = successor(of: sa, identity: identity, proposal: proposal, keys: keys, state.peer, now: now, random: &random)
        new.quietUntil = now + configuration.outboundSwitchLimit
        if var collision {
            new.standing = .candidate
            new.expiresAt = now + configuration.closedLifetime
            collision.rival = Rival(spi, nonce, ourNonce)
            sa.outstanding?.exchange = .rekeyIKE(collision)
        }
        sessions[spi] = .established(new)
        if collision == nil {
            adopt(spi, from: &sa, now: now)
            log(sa.peer, .ikeRekeyed, "IKE SA \(spi) \(proposal), asked for by the peer")
        }
        return [
            .securityAssociation([answer]), .nonce(ourNonce),
            .keyExchange(group: group, data: key.publicValue),
        ]
    }

    private func successor(
        of sa: IKESA, identity: IKEIdentity, proposal: IKEProposal, keys: IKEKeys, _ peer: IKEPeer, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> IKESA {
        let seconds = peer.parameters.ike.lifetimeSeconds
        var new = IKESA(
            peer: sa.peer, identity: identity, proposal: proposal, keys: keys, key: sa.key, path: sa.path,
            nat: sa.nat, fragmentation: sa.fragmentation, createdAt: now,
            envelope: Envelope(keys: keys, asInitiator: identity.isInitiator),
            nextRequestID: 0, expectedRequestID: 0,
            softAt: now + Lifetimes.soft(seconds: seconds, isInitiator: peer.initiator, random: &random),
            hardAt: now + Lifetimes.hard(seconds: seconds), lastHeardAt: now, keepaliveAt: sa.keepaliveAt)
        new.hasQueues = sa.hasQueues
        return new
    }

    /// The peer makes requests on what its half of two crossing rekeys made. So it has seen both halves, and keeps this one:
    /// the child SAs that it speaks of are here, also while the response that tells us is still under way.
    mutating func settleCrossing(for candidate: inout IKESA, now: MonotonicTime) {
        let spi = candidate.identity.ours
        for case (let key, .established(var old)) in sessions.of(candidate.peer) {
            guard case .rekeyIKE(var offer) = old.outstanding?.exchange, offer.rival?.identifier == spi else { continue }
            offer.rival = nil
            old.outstanding?.exchange = .rekeyIKE(offer)
            sessions[spi] = .established(candidate)
            adopt(spi, from: &old, now: now)
            sessions[key] = .established(old)
            if case .established(let adopted) = sessions[spi] { candidate = adopted }
            sessions[spi] = nil
        }
    }

    /// Moves the child SAs, and the work on them, to the IKE SA that replaces `sa`.
    mutating func adopt(_ spi: IKESPI, from sa: inout IKESA, now: MonotonicTime) {
        guard case .established(var new) = sessions[spi] else { return }
        new.standing = .active
        // What stems from an earlier configuration does not outlive its time by being rekeyed.
        new.expiresAt = sa.standing == .active ? sa.expiresAt : nil
        new.isSuperseded = sa.isSuperseded
        new.children += sa.children
        new.childRetryAt = sa.childRetryAt
        for task in sa.pending {
            switch task {
            case .createChild, .rekeyChild, .deleteChildren: new.enqueue(task)
            case .liveness, .deleteUnknown, .rekeyIKE, .deleteIKE: break
            }
        }
        sa.children = []
        sa.pending = []
        sa.standing = .replaced
        sa.expiresAt = now + configuration.closedLifetime
        sessions[spi] = .established(new)
        if peers[sa.peer]?.current == sa.identity.ours { peers[sa.peer]?.current = spi }
    }
}
