import ESP
import WarrenModel

/// Child SAs: their keys, their installation, and their end.
extension IKEEngine {
    /// An SPI that no inbound SA of this gateway has, is offered for, or had a moment ago.
    mutating func newSPI(of queue: Int, _ random: inout some RandomNumberGenerator) -> SPI {
        var spi = SPI(rawValue: 0)
        repeat {
            let number: UInt32 = random.next()
            spi = configuration.queues > 1 ? PacketQueues.spi(number, of: queue) : SPI(rawValue: number)
        } while spi < .smallestAllowed || reservedSPIs.contains(spi)
        reservedSPIs.insert(spi)
        return spi
    }

    func makeChild(
        _ sa: IKESA, _ peer: IKEPeer, _ choice: Negotiation.ChildChoice, mode: IPsecMode, queue: Int, inboundSPI: SPI,
        outboundSPI: SPI, shared: SecretBytes?, nonces: (initiator: [UInt8], responder: [UInt8]), weInitiated: Bool,
        selectors: [TrafficSelector], now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> ChildSA {
        let keys = sa.keys.childKeys(
            choice.encryption, shared: shared, nonceInitiator: nonces.initiator, nonceResponder: nonces.responder)
        func half(_ direction: SecurityPolicy.Direction, _ spi: SPI, _ key: SecretBytes) -> SecurityAssociation {
            SecurityAssociation(
                peer: sa.peer, direction: direction, spi: spi, encryption: choice.encryption, keyingMaterial: key,
                extendedSequenceNumbers: choice.extendedSequenceNumbers, mode: mode, local: sa.path.local,
                remote: sa.path.remote, udpEncapsulation: sa.nat.usesUDP,
                selectors: direction == .outbound ? selectors : selectors.map(\.reversed), queue: queue,
                isFromAnyPort: sa.hasQueues, isBehindNAT: isBehindNAT(sa.path))
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

    /// Whether a child SA for each queue is wanted of the peer: of ESP in UDP, and where no NAT is before either end, as far as
    /// this one sees.
    func wantsQueues(_ nat: NATOutcome, on path: Path) -> Bool {
        configuration.queues > 1 && nat.usesUDP && !nat.behindNAT && path.remote.port == path.local.port
    }

    /// The queue that wants a child SA next, the lowest first; nil when there are as many as both ends have.
    func missingQueue(_ sa: IKESA) -> Int? {
        let served = Set(sa.children.filter { $0.standing != .closing }.map(\.queue))
        if !served.contains(0) { return 0 }
        guard sa.hasQueues, !sa.isEnding, served.count < sa.queueLimit ?? configuration.queues else { return nil }
        return (0..<configuration.queues).first { !served.contains($0) }
    }

    /// The queue of a child SA that the peer asks for: of one that it has for a queue of its own, our first that has none; nil when
    /// each has.
    func queue(for payloads: PayloadSet, _ sa: IKESA) -> Int? {
        guard payloads.has(.saResourceInfo), !sa.children.isEmpty else { return 0 }
        let served = sa.servedQueues
        return (0..<(sa.hasQueues ? configuration.queues : 1)).first { !served.contains($0) }
    }

    /// The link's initiator keeps exactly one child SA for each queue, of which a peer may have but one, on the IKE SA in use.
    mutating func wantChild(_ sa: inout IKESA, now: MonotonicTime) {
        guard sa.standing == .active, let state = peers[sa.peer], state.peer.initiator, state.current == sa.identity.ours else {
            return
        }
        deleteSpare(&sa)
        guard let queue = missingQueue(sa) else { return }
        if case .createChild = sa.outstanding?.exchange { return }
        guard sa.childRetryAt.map({ now >= $0 }) ?? true else { return }
        sa.childRetryAt = nil
        sa.enqueue(.createChild(queue: queue))
    }

    private mutating func deleteSpare(_ sa: inout IKESA) {
        let usable = sa.children.filter { $0.standing == .active && $0.sending == .installed }
        guard usable.count > 1 else { return }
        let newest = Dictionary(grouping: usable, by: \.queue).compactMapValues { $0.max { $0.createdAt < $1.createdAt } }
        for child in usable where child.inbound.spi != newest[child.queue]?.inbound.spi {
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
