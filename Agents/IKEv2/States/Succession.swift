import WarrenModel

/// Which of a peer's IKE SAs is in use, and how the others end.
extension IKEEngine {
    func activeSAs(of site: SiteName) -> [IKESA] {
        sessions.values.compactMap {
            if case .established(let sa) = $0, sa.peer == site, sa.standing == .active { sa } else { nil }
        }
    }

    /// A new IKE SA came out of IKE_AUTH: it is the one in use. As the exchange's initiator (`initiated` says since when) we
    /// delete those that stood before; of two that crossed, only the link's initiator deletes one, so that one remains.
    mutating func supersede(by new: IKESA, initiated: MonotonicTime?, now: MonotonicTime) {
        let isLinkInitiator = peers[new.peer]?.peer.initiator ?? false
        peers[new.peer]?.current = new.identity.ours
        peers[new.peer]?.connectAt = nil
        for (spi, session) in sessions where session.peer == new.peer && spi != new.identity.ours {
            switch session {
            case .initiating: sessions[spi] = nil
            case .established(let sa) where sa.standing == .active:
                guard let initiated, isLinkInitiator || sa.createdAt < initiated else { continue }
                retire(sa, now: now)
            default: break
            }
        }
    }

    /// Deletes an IKE SA here and at the peer; its outbound SAs are gone at once.
    mutating func retire(_ retired: IKESA, now: MonotonicTime) {
        var sa = retired
        for child in sa.children { uninstall(child, now: now) }
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
        if peers[sa.peer]?.current == sa.identity.ours { peers[sa.peer]?.current = nil }
    }

    /// The peer has proven that it knows no other IKE SA (INITIAL_CONTACT, RFC 7296, 2.4): neither do we then.
    mutating func forgetEstablished(of site: SiteName) {
        for (spi, session) in sessions {
            guard case .established(let sa) = session, sa.peer == site else { continue }
            sessions[spi] = nil
            abandon(sa.outstanding?.exchange)
            for child in sa.children { forget(child) }
        }
    }

    /// Takes a child SA that the peer doesn't have any more out of use, both halves at once.
    private mutating func forget(_ child: ChildSA) {
        let peer = child.outbound.peer
        if child.sending == .installed { outputs.append(.remove(child.outbound.spi, .outbound, peer: peer)) }
        outputs.append(.remove(child.inbound.spi, .inbound, peer: peer))
        reservedSPIs.remove(child.inbound.spi)
    }

    /// Ends what an IKE SA that is out of the table had; the link's initiator makes another when none is left.
    mutating func bury(_ sa: IKESA, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        abandon(sa.outstanding?.exchange)
        for child in sa.children { uninstall(child, now: now) }
        guard peers[sa.peer] != nil else { return }
        let others = activeSAs(of: sa.peer)
        if peers[sa.peer]?.current == sa.identity.ours {
            peers[sa.peer]?.current = others.max { $0.createdAt < $1.createdAt }?.identity.ours
        }
        if others.isEmpty, !isConnecting(sa.peer), !isAccepting(sa.peer) {
            reconnect(sa.peer, within: .milliseconds(500), now: now, random: &random)
        }
    }

    private func isAccepting(_ site: SiteName) -> Bool {
        sessions.values.contains {
            if case .established(let sa) = $0 { sa.peer == site && sa.standing == .candidate } else { false }
        }
    }
}
