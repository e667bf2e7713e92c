import WarrenModel

/// What the shell asks for.
extension IKEEngine {
    mutating func configure(
        _ peer: IKEPeer, key: PreSharedKey, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        let site = peer.peer
        guard let old = peers[site] else {
            peers[site] = PeerState(peer, key: key)
            if peer.initiator { connect(site, now: now, random: &random) }
            return
        }
        guard old.peer != peer || old.key != key else { return }
        peers[site]?.peer = peer
        peers[site]?.key = key
        peers[site]?.lastError = nil
        for (spi, session) in sessions where session.peer == site {
            switch session {
            case .initiating, .accepting: sessions[spi] = nil
            case .authenticating(let state):
                reservedSPIs.remove(state.child.inboundSPI)
                sessions[spi] = nil
            case .established(var sa):
                if old.peer.outer != peer.outer {
                    retire(sa, now: now)
                } else if sa.standing == .active {
                    // Stays until an IKE SA of the new configuration replaces it, so that no packet is lost; but not for ever.
                    sa.expiresAt = now + configuration.staleLifetime
                    sa.softAt = .never
                    for index in sa.children.indices { sa.children[index].softAt = .never }
                    sa.pending.removeAll { $0 == .rekeyIKE || $0 == .createChild }
                    sessions[spi] = .established(sa)
                }
            case .closed: break
            }
        }
        if peer.initiator { connect(site, now: now, random: &random) }
    }

    mutating func forget(_ site: SiteName, now: MonotonicTime) {
        guard peers.removeValue(forKey: site) != nil else { return }
        for (spi, session) in sessions where session.peer == site {
            switch session {
            case .initiating, .accepting: sessions[spi] = nil
            case .authenticating(let state):
                reservedSPIs.remove(state.child.inboundSPI)
                sessions[spi] = nil
            case .established(var sa):
                // A Delete does not wait for the response to another request: this end is leaving.
                abandon(sa.outstanding?.exchange)
                sa.outstanding = nil
                retire(sa, now: now)
            case .closed: break
            }
        }
    }

    mutating func noteTraffic(peer: SiteName, now: MonotonicTime) {
        guard let spi = peers[peer]?.current, case .established(var sa) = sessions[spi] else { return }
        sa.lastHeardAt = now
        sessions[spi] = .established(sa)
    }

    mutating func switchOutbound(afterTrafficOn spi: SPI, peer: SiteName, now: MonotonicTime) {
        for (key, session) in sessions where session.peer == peer {
            guard case .established(var sa) = session, let index = sa.child(inbound: spi) else { continue }
            if case .waiting = sa.children[index].sending { startSending(&sa.children[index]) }
            sa.lastHeardAt = now
            sessions[key] = .established(sa)
        }
    }

    mutating func acquire(peer: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        guard let state = peers[peer], state.peer.initiator else { return }
        if let spi = state.current, case .established(let sa) = sessions[spi] {
            sessions[spi] = nil
            return settle(sa, now: now, random: &random)
        }
        // The pause between attempts holds: packets must not turn it into a storm.
        if state.connectAt == nil { connect(peer, now: now, random: &random) }
    }

    mutating func rekeyChild(
        of peer: SiteName, spi: SPI, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        for session in sessions.values where session.peer == peer {
            guard case .established(var sa) = session, sa.standing == .active,
                let index = sa.child(inbound: spi) ?? sa.child(outbound: spi), queueRekey(&sa, index)
            else { continue }
            settle(sa, now: now, random: &random)
        }
    }

    /// False when the child SA is on its way out, or its rekey under way.
    mutating func queueRekey(_ sa: inout IKESA, _ index: Int) -> Bool {
        let child = sa.children[index]
        guard child.standing == .active else { return false }
        // The peer may not know it yet: its own rekey must be over first.
        if case .waiting(let until, _) = child.sending {
            sa.children[index].softAt = until
            return false
        }
        sa.children[index].softAt = .never
        if case .createChild(let offer) = sa.outstanding?.exchange, offer.rekeys == child.inbound.spi { return false }
        sa.enqueue(.rekeyChild(inbound: child.inbound.spi))
        return true
    }

    mutating func rekeyNow(
        peer: SiteName, _ target: RekeyTarget, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        guard let spi = peers[peer]?.current, case .established(var sa) = sessions[spi] else {
            return acquire(peer: peer, now: now, random: &random)
        }
        switch target {
        case .child:
            for index in sa.children.indices where sa.children[index].sending == .installed { _ = queueRekey(&sa, index) }
        case .ike:
            if case .rekeyIKE = sa.outstanding?.exchange { return }
            sa.softAt = .never
            sa.enqueue(.rekeyIKE)
        }
        settle(sa, now: now, random: &random)
    }

    func report(of site: SiteName, now: MonotonicTime) -> IKEReport {
        guard let state = peers[site] else { return IKEReport(peer: site, state: .idle) }
        if let spi = state.current, case .established(let sa) = sessions[spi] {
            return IKEReport(
                peer: site, state: .established, ageSeconds: UInt64(clamping: now.since(sa.createdAt).wholeSeconds),
                proposal: sa.proposal, lastError: state.lastError)
        }
        let isBusy =
            state.connectAt != nil || isConnecting(site)
            || sessions.values.contains { if case .accepting(let half) = $0 { half.peer == site } else { false } }
        return IKEReport(peer: site, state: isBusy ? .connecting : .idle, lastError: state.lastError)
    }
}
