import WarrenModel

/// Which of a peer's IKE SAs is in use, and how the others end: the next one carries packets before the last one goes.
extension IKEEngine {
    /// The one in use.
    func currentSA(of site: SiteName) -> IKESA? {
        guard let spi = peers[site]?.current, case .established(let sa) = sessions[spi] else { return nil }
        return sa
    }

    func activeSAs(of site: SiteName) -> [IKESA] {
        sessions.of(site).compactMap {
            if case .established(let sa) = $0.session, sa.standing == .active { sa } else { nil }
        }
    }

    /// Whether packets to the peer go out under an IKE SA that stands.
    func isCarrying(_ site: SiteName) -> Bool { activeSAs(of: site).contains(where: \.carries) }

    /// We made an IKE SA: it is the one in use. Those that stood before are deleted once packets come on the new one; of
    /// two that crossed, only the link's initiator deletes one, so that one remains.
    mutating func supersede(by new: inout IKESA, initiated: MonotonicTime, now: MonotonicTime) {
        let isLinkInitiator = peers[new.peer]?.peer.initiator ?? false
        use(&new)
        peers[new.peer]?.isPursuing = false
        peers[new.peer]?.connectAt = nil
        for (spi, session) in sessions.of(new.peer) where spi != new.identity.ours {
            switch session {
            case .initiating: sessions[spi] = nil
            case .established(var sa) where sa.standing == .active:
                guard isLinkInitiator || sa.createdAt < initiated else { continue }
                guard new.carries, !sa.children.isEmpty else {
                    retire(sa, now: now)
                    continue
                }
                sa.isSuperseded = true
                sa.expiresAt = min(sa.expiresAt ?? .never, now + configuration.outboundSwitchLimit)
                sa.pending.removeAll(where: \.prolongs)
                sessions[spi] = .established(sa)
            default: break
            }
        }
    }

    /// The peer made an IKE SA. While another carries our packets, they stay there until the peer is known to have this one.
    mutating func succeed(by new: inout IKESA) {
        let isWanted = peers[new.peer]?.prefers(new) ?? false
        if isWanted || peers[new.peer]?.isPursuing == false {
            for (spi, session) in sessions.of(new.peer) {
                if case .initiating = session { sessions[spi] = nil }
            }
        }
        if !new.isUnconfirmed { use(&new) }
    }

    /// The peer has shown that it has this IKE SA: our packets go there from now on.
    mutating func confirm(_ sa: inout IKESA) {
        guard sa.isUnconfirmed, !sa.children.isEmpty else { return }
        sa.isUnconfirmed = false
        use(&sa)
        releaseAll(&sa)
    }

    private mutating func releaseAll(_ sa: inout IKESA) {
        for index in sa.children.indices where sa.children[index].standing == .active {
            if case .waiting(.never, _) = sa.children[index].sending { startSending(&sa.children[index]) }
        }
    }

    private mutating func use(_ sa: inout IKESA) {
        guard let state = peers[sa.peer] else { return }
        sa.isSuperseded = false
        if state.accepts(sa) { sa.expiresAt = nil }
        peers[sa.peer]?.current = sa.identity.ours
        if state.prefers(sa), state.isPursuing {
            peers[sa.peer]?.isPursuing = false
            peers[sa.peer]?.connectAt = nil
        } else if !state.isPursuing {
            peers[sa.peer]?.connectAt = nil
        }
    }

    /// The IKE SA in use is going: the newest of the others takes its place.
    mutating func promote(_ site: SiteName) {
        peers[site]?.current = nil
        let next = activeSAs(of: site).max {
            ($0.children.isEmpty ? 0 : 1, $0.createdAt) < ($1.children.isEmpty ? 0 : 1, $1.createdAt)
        }
        guard var next, peers[site] != nil else { return }
        next.isUnconfirmed = false
        use(&next)
        releaseAll(&next)
        sessions[next.identity.ours] = .established(next)
    }

    /// The first packet came on the IKE SA in use: what it superseded is not needed any more.
    mutating func retireSuperseded(of site: SiteName, now: MonotonicTime) {
        guard let used = currentSA(of: site) else { return }
        let others = activeSAs(of: site).filter { $0.identity.ours != used.identity.ours }
        for sa in others where sa.isSuperseded && carries(used, for: sa) { retire(sa, now: now) }
    }

    /// Whether each queue that has a child SA of an IKE SA has one of the IKE SA in use, or gets none.
    private func carries(_ used: IKESA, for old: IKESA) -> Bool {
        let served = Set(used.children.filter { $0.sending == .installed }.map(\.queue))
        return !used.hasQueues || served.isSuperset(of: old.servedQueues) || used.queueLimit.map { served.count >= $0 } ?? false
    }

    /// Deletes an IKE SA here and at the peer; its outbound SAs are gone at once, its inbound ones when the peer knows.
    mutating func retire(_ retired: IKESA, now: MonotonicTime) {
        var sa = retired
        sa.lingering += sa.children.map(\.inbound.spi)
        sa.children = []
        sa.standing = .closing
        sa.expiresAt = now + configuration.closedLifetime
        sa.pending = []
        if sa.outstanding == nil {
            request(&sa, .informational, .deleteIKE, [.delete(.ikeSA)], now: now)
        } else {
            sa.enqueue(.deleteIKE)
        }
        sessions[sa.identity.ours] = .established(sa)
        if peers[sa.peer]?.current == sa.identity.ours { promote(sa.peer) }
        for child in retired.children { stopSending(child) }
    }

    /// Nothing is left of these IKE SAs at once, and the peer is not told: it has proven that it knows no other (INITIAL_CONTACT,
    /// RFC 7296, 2.4), or is not who it was.
    mutating func forgetEstablished(of site: SiteName, where isMeant: (IKESA) -> Bool = { _ in true }) {
        for (spi, session) in sessions.of(site) {
            guard case .established(let sa) = session, isMeant(sa) else { continue }
            sessions[spi] = nil
            abandon(sa.outstanding?.exchange)
            for child in sa.children {
                stopSending(child)
                forget(inbound: child.inbound.spi, of: site)
            }
            for spi in sa.lingering { forget(inbound: spi, of: site) }
        }
    }

    /// Takes an inbound SA out of use that the peer doesn't have any more.
    private mutating func forget(inbound spi: SPI, of site: SiteName) {
        outputs.append(.remove(spi, .inbound, peer: site))
        reservedSPIs.remove(spi)
    }

    /// Ends what an IKE SA that is out of the table had; the link's initiator makes another when none is left.
    mutating func bury(_ sa: IKESA, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        abandon(sa.outstanding?.exchange)
        if peers[sa.peer]?.current == sa.identity.ours { promote(sa.peer) }
        for child in sa.children { uninstall(child, now: now) }
        for spi in sa.lingering { depart(spi, of: sa.peer, now: now) }
        guard peers[sa.peer] != nil else { return }
        if activeSAs(of: sa.peer).isEmpty, !isConnecting(sa.peer), !isAccepting(sa.peer) {
            reconnect(sa.peer, within: .milliseconds(500), now: now, random: &random)
        }
    }

    private func isAccepting(_ site: SiteName) -> Bool {
        sessions.of(site).contains {
            if case .established(let sa) = $0.session { sa.standing == .candidate } else { false }
        }
    }
}
