import ESP
import WarrenModel

/// INFORMATIONAL: deletes, liveness checks, notifies (RFC 7296, 1.4).
extension IKEEngine {
    mutating func answerInformational(
        _ sa: inout IKESA, _ payloads: PayloadSet, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> Fate {
        if payloads.deletions.contains(.ikeSA) {
            // RFC 7296, 2.25.2: a close that meets our own rekey ends it; the peer's half of two that crossed stands.
            if case .rekeyIKE(let offer) = sa.outstanding?.exchange, let rival = offer.rival {
                adopt(rival.identifier, from: &sa, now: now)
            }
            respond(&sa, .informational, [], to: datagram)
            log(sa.peer, .closed, "IKE SA \(sa.identity.ours) deleted by the peer")
            return .close
        }
        if payloads.has(.authenticationFailed) {
            // The peer did not accept our proof in IKE_AUTH (RFC 7296, 2.21.2).
            respond(&sa, .informational, [], to: datagram)
            let key = peers[sa.peer]?.keyText ?? "the shared key"
            let reason = "AUTHENTICATION_FAILED: the peer did not accept our proof of \(key)"
            peers[sa.peer]?.lastError = reason
            log(sa.peer, .failed, reason)
            return .close
        }
        var deleted: [SPI] = []
        for case .esp(let spis) in payloads.deletions {
            for spi in spis {
                // A child SA that we are deleting too: our own delete names our half (RFC 7296, 1.4.1).
                guard let index = sa.child(outbound: spi), !isDeleting(sa, sa.children[index].inbound.spi) else { continue }
                let child = sa.children.remove(at: index)
                deleted.append(child.inbound.spi)
                releaseWaiting(&sa, replaced: child.inbound.spi)
                uninstall(child, now: now)
                log(sa.peer, .childClosed, "child SA in \(child.inbound.spi) deleted by the peer")
            }
        }
        respond(&sa, .informational, deleted.isEmpty ? [] : [.delete(.esp(deleted))], to: datagram)
        return .keep
    }

    private func isDeleting(_ sa: IKESA, _ spi: SPI) -> Bool {
        if case .deleteChildren(let spis) = sa.outstanding?.exchange { return spis.contains(spi) }
        return false
    }

    mutating func finishDelete(_ sa: inout IKESA, _ spis: [SPI], now: MonotonicTime) {
        for spi in spis {
            guard let index = sa.child(inbound: spi) else { continue }
            let child = sa.children.remove(at: index)
            releaseWaiting(&sa, replaced: spi)
            uninstall(child, now: now)
            log(sa.peer, .childClosed, "child SA in \(spi) deleted")
        }
    }

    /// The peer is done with a child SA that it rekeyed: what replaces it carries our packets from now on.
    private mutating func releaseWaiting(_ sa: inout IKESA, replaced spi: SPI) {
        for index in sa.children.indices {
            if case .waiting(_, .some(spi)) = sa.children[index].sending { startSending(index, of: &sa) }
        }
    }

    /// Our packets go to a child SA from now on; those of an IKE SA beside the one in use wait until that goes.
    mutating func startSending(_ index: Int, of sa: inout IKESA) {
        if let current = peers[sa.peer]?.current, current != sa.identity.ours, case .established(let used) = sessions[current],
            used.carries
        {
            sa.children[index].sending = .waiting(until: .never, replaced: nil)
        } else {
            startSending(&sa.children[index])
        }
    }

    mutating func startSending(_ child: inout ChildSA) {
        child.sending = .installed
        outputs.append(.addOutbound(child.outbound, child.lifetime))
    }
}
