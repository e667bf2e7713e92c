import WarrenModel

/// A peer is configured anew: what stands goes on until what is wanted now carries the packets.
///
/// The end that changes asks, and only it: an SA that is not what an end prefers, but that it accepts, stays as it is until
/// that end itself is changed. So two ends in different steps of a change never renegotiate back and forth.
extension IKEEngine {
    mutating func configure(
        _ peer: IKEPeer, keys: [PSKReference: PreSharedKey], now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        let site = peer.peer
        guard var state = PeerState(peer, keys: keys) else {
            return log(site, .refused, "a key of the peer is missing: its configuration is not taken")
        }
        guard let old = peers[site] else {
            peers[site] = state
            addresses.add(peer)
            return makeContact(with: site, now: now, random: &random)
        }
        guard old.peer != peer || old.acceptedKeys != state.acceptedKeys else { return }
        addresses.remove(old.peer)
        addresses.add(peer)
        state.current = old.current
        state.connectAt = old.connectAt
        state.lastHintAt = old.lastHintAt
        let asksAnew = !state.asksLike(old)
        peers[site] = state
        if peer.keyFloor ?? 0 > old.peer.keyFloor ?? 0 {
            let accepted = state.acceptedKeys, path = currentSA(of: site)?.path
            peers[site]?.lastPath = path
            forgetEstablished(of: site) { !accepted.contains($0.key) }
            if let current = state.current, sessions[current] == nil { promote(site) }
            state.current = peers[site]?.current
        }
        for (spi, session) in sessions.of(site) { review(session, spi, asksAnew: asksAnew, now: now) }

        guard let live = activeSAs(of: site).first(where: { $0.identity.ours == state.current }) else {
            return makeContact(with: site, now: now, random: &random)
        }
        // Only what is in use counts: another that stands beside it may be on its way out.
        if state.prefers(live), !live.children.isEmpty {
            if !state.lastsLike(old) { renewLifetimes(of: live, now: now, random: &random) }
        } else if asksAnew || old.isPursuing || !state.accepts(live) {
            pursue(site, now: now, random: &random)
        }
    }

    /// What the new configuration means for one session.
    private mutating func review(_ session: Session, _ spi: IKESPI, asksAnew: Bool, now: MonotonicTime) {
        guard let state = peers[session.peer] else { return }
        switch session {
        case .initiating: if asksAnew { sessions[spi] = nil }
        case .authenticating(let attempt):
            guard asksAnew else { return }
            reservedSPIs.remove(attempt.child.inboundSPI)
            sessions[spi] = nil
        case .accepting(let half): if state.ways(on: half.path).isEmpty { sessions[spi] = nil }
        case .established(var sa):
            guard sa.standing == .active else { return }
            if state.accepts(sa) {
                if !sa.isSuperseded { sa.expiresAt = nil }
            } else {
                // Stays until an IKE SA of the new configuration carries its packets; but not for ever.
                sa.expiresAt = min(sa.expiresAt ?? .never, now + configuration.staleLifetime)
                sa.pending.removeAll(where: \.prolongs)
            }
            sessions[spi] = .established(sa)
        case .closed: break
        }
    }

    /// Asks for an IKE SA as this end prefers it.
    private mutating func pursue(_ site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        peers[site]?.isPursuing = true
        begin(site, now: now, random: &random)
    }

    /// Begins an IKE SA with a peer that has none, if that is for this end to do.
    mutating func makeContact(with site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        if peers[site].map(makesContact) ?? false { begin(site, now: now, random: &random) }
    }

    /// The link's initiator does at once; the other end leaves it the time to.
    private mutating func begin(_ site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        guard let state = peers[site] else { return }
        if state.peer.initiator {
            connect(site, now: now, random: &random)
        } else {
            let at = now + .milliseconds(Int64.random(in: 1000...2000, using: &random))
            peers[site]?.connectAt = min(state.connectAt ?? .never, at)
        }
    }

    /// The time for another attempt has come; it may have lost its reason meanwhile.
    mutating func attempt(_ site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        guard let state = peers[site] else { return }
        peers[site]?.connectAt = nil
        if state.isPursuing {
            let standing = activeSAs(of: site)
            if let live = standing.first(where: { $0.identity.ours == state.current }), state.prefers(live) {
                peers[site]?.isPursuing = false
                return
            }
            if standing.contains(where: { $0.isUnconfirmed && state.prefers($0) && !$0.children.isEmpty }) {
                peers[site]?.connectAt = now + .seconds(2)
                return
            }
            if standing.isEmpty, !makesContact(state) {
                peers[site]?.isPursuing = false
                return
            }
        }
        connect(site, now: now, random: &random)
    }

    /// New lifetimes begin with new SAs.
    private mutating func renewLifetimes(of live: IKESA, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        var sa = live
        for index in sa.children.indices where sa.children[index].sending == .installed { _ = queueRekey(&sa, index, now: now) }
        sa.enqueue(.rekeyIKE)
        settle(sa, now: now, random: &random)
    }
}
