import ESP
import WarrenModel

/// Child SAs: their keys, their installation, and their end.
extension IKEEngine {
    /// An SPI that no inbound SA of this gateway has, is offered for, or had a moment ago.
    mutating func newSPI(_ random: inout some RandomNumberGenerator) -> SPI {
        var spi = SPI(rawValue: 0)
        repeat { spi = SPI(rawValue: random.next()) } while spi < .smallestAllowed || reservedSPIs.contains(spi)
        reservedSPIs.insert(spi)
        return spi
    }

    func makeChild(
        _ sa: IKESA, _ peer: IKEPeer, _ choice: Negotiation.ChildChoice, mode: IPsecMode, inboundSPI: SPI, outboundSPI: SPI,
        shared: SecretBytes?, nonces: (initiator: [UInt8], responder: [UInt8]), weInitiated: Bool,
        selectors: [TrafficSelector], now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> ChildSA {
        let keys = sa.keys.childKeys(
            choice.encryption, shared: shared, nonceInitiator: nonces.initiator, nonceResponder: nonces.responder)
        func half(_ direction: SecurityPolicy.Direction, _ spi: SPI, _ key: SecretBytes) -> SecurityAssociation {
            SecurityAssociation(
                peer: sa.peer, direction: direction, spi: spi, encryption: choice.encryption, keyingMaterial: key,
                extendedSequenceNumbers: choice.extendedSequenceNumbers, mode: mode, local: sa.path.local,
                remote: sa.path.remote, udpEncapsulation: sa.nat.usesUDP,
                selectors: direction == .outbound ? selectors : selectors.map(\.reversed))
        }
        let parameters = peer.parameters.child
        let soft = Lifetimes.soft(seconds: parameters.lifetimeSeconds, isInitiator: peer.initiator, random: &random)
        return ChildSA(
            inbound: half(.inbound, inboundSPI, weInitiated ? keys.fromResponder : keys.fromInitiator),
            outbound: half(.outbound, outboundSPI, weInitiated ? keys.fromInitiator : keys.fromResponder),
            lifetime: Lifetimes.child(parameters, soft: soft, isInitiator: peer.initiator, random: &random), createdAt: now,
            softAt: now + soft, hardAt: now + Lifetimes.hard(seconds: parameters.lifetimeSeconds), sending: .installed)
    }

    /// Takes a child SA out of use: the outbound half at once, the inbound half when late packets have arrived.
    mutating func uninstall(_ child: ChildSA, now: MonotonicTime) {
        stopSending(child)
        depart(child.inbound.spi, of: child.outbound.peer, now: now)
    }

    mutating func stopSending(_ child: ChildSA) {
        guard child.sending == .installed else { return }
        outputs.append(.remove(child.outbound.spi, .outbound, peer: child.outbound.peer))
    }

    /// The peer sends on an inbound SA no more: it goes when late packets have arrived.
    mutating func depart(_ spi: SPI, of peer: SiteName, now: MonotonicTime) {
        departing.append(DepartingSA(spi: spi, peer: peer, at: now + configuration.inboundLinger))
    }

    mutating func runDepartures(now: MonotonicTime) {
        for gone in departing where gone.at <= now {
            outputs.append(.remove(gone.spi, .inbound, peer: gone.peer))
            reservedSPIs.remove(gone.spi)
        }
        departing.removeAll { $0.at <= now }
    }

    /// The link's initiator keeps exactly one child SA on the IKE SA in use.
    mutating func wantChild(_ sa: inout IKESA, now: MonotonicTime) {
        guard sa.standing == .active, let state = peers[sa.peer], state.peer.initiator, state.current == sa.identity.ours else {
            return
        }
        let standing = sa.children.filter { $0.standing != .closing }
        if standing.isEmpty {
            if case .createChild = sa.outstanding?.exchange { return }
            guard sa.childRetryAt.map({ now >= $0 }) ?? true else { return }
            sa.childRetryAt = nil
            sa.enqueue(.createChild)
            return
        }
        let usable = standing.filter { $0.standing == .active && $0.sending == .installed }
        guard usable.count > 1, let newest = usable.max(by: { $0.createdAt < $1.createdAt }) else { return }
        for child in usable where child.inbound.spi != newest.inbound.spi {
            guard let index = sa.child(inbound: child.inbound.spi), !isBeingRekeyed(sa, child.inbound.spi) else { continue }
            sa.children[index].standing = .closing
            sa.enqueue(.deleteChildren([child.inbound.spi]))
        }
    }

    private func isBeingRekeyed(_ sa: IKESA, _ spi: SPI) -> Bool {
        if case .createChild(let offer) = sa.outstanding?.exchange { return offer.rekeys == spi }
        return sa.pending.contains(.rekeyChild(inbound: spi))
    }
}
