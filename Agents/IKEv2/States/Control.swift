import WarrenModel

/// What the shell asks for.
extension IKEEngine {
    mutating func forget(_ site: SiteName, now: MonotonicTime) {
        guard let state = peers.removeValue(forKey: site) else { return }
        addresses.remove(state.peer)
        for (spi, session) in sessions.of(site) {
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
        guard var sa = currentSA(of: peer) else { return }
        sa.lastHeardAt = now
        sessions[sa.identity.ours] = .established(sa)
    }

    mutating func switchOutbound(afterTrafficOn spi: SPI, peer: SiteName, now: MonotonicTime) {
        for (key, session) in sessions.of(peer) {
            guard case .established(var sa) = session, let index = sa.child(inbound: spi) else { continue }
            confirm(&sa)
            if case .waiting = sa.children[index].sending { startSending(index, of: &sa) }
            sa.lastHeardAt = now
            sessions[key] = .established(sa)
            if peers[peer]?.current == key { retireSuperseded(of: peer, now: now) }
        }
    }

    mutating func acquire(peer: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        guard let state = peers[peer], makesContact(state) else { return }
        if let sa = currentSA(of: peer) {
            sessions[sa.identity.ours] = nil
            return settle(sa, now: now, random: &random)
        }
        // The pause between attempts holds: packets must not turn it into a storm.
        if state.connectAt == nil { connect(peer, now: now, random: &random) }
    }

    mutating func rekeyChild(
        of peer: SiteName, spi: SPI, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        for (_, session) in sessions.of(peer) {
            guard case .established(var sa) = session, sa.standing == .active,
                let index = sa.child(inbound: spi) ?? sa.child(outbound: spi), queueRekey(&sa, index, now: now)
            else { continue }
            settle(sa, now: now, random: &random)
        }
    }

    /// False when the child SA is on its way out, or its rekey under way.
    mutating func queueRekey(_ sa: inout IKESA, _ index: Int, now: MonotonicTime) -> Bool {
        let child = sa.children[index]
        guard child.standing == .active else { return false }
        // The peer may not know it yet: its own rekey must be over first. When that will be known may be put off again and again,
        // by an answer that does not arrive.
        if case .waiting(let until, _) = child.sending {
            sa.children[index].softAt = min(until, now + configuration.outboundSwitchLimit)
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
        guard var sa = currentSA(of: peer) else {
            return acquire(peer: peer, now: now, random: &random)
        }
        switch target {
        case .child:
            for index in sa.children.indices where sa.children[index].sending == .installed {
                _ = queueRekey(&sa, index, now: now)
            }
        case .ike:
            if case .rekeyIKE = sa.outstanding?.exchange { return }
            sa.softAt = .never
            sa.enqueue(.rekeyIKE)
        }
        settle(sa, now: now, random: &random)
    }

    func report(of site: SiteName, now: MonotonicTime) -> IKEReport {
        guard let state = peers[site] else { return IKEReport(peer: site, state: .idle) }
        if let sa = currentSA(of: site) {
            return IKEReport(
                peer: site, state: .established, ageSeconds: UInt64(clamping: now.since(sa.createdAt).wholeSeconds),
                proposal: sa.proposal, lastError: state.lastError,
                runsAsPreferred: sa.children.isEmpty ? nil : state.suffices(sa))
        }
        let isBusy =
            state.connectAt != nil || isConnecting(site)
            || sessions.of(site).contains { if case .accepting = $0.session { true } else { false } }
        return IKEReport(peer: site, state: isBusy ? .connecting : .idle, lastError: state.lastError)
    }
}
