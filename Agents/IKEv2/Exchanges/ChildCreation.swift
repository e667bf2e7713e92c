import ESP
import WarrenModel

/// The nonces under which a child SA's keys are made.
struct ChildExchange {
    let nonceInitiator: [UInt8]
    let nonceResponder: [UInt8]
    /// Within IKE_AUTH: no nonces and no key exchange of its own.
    let inAuth: Bool
}

/// Making and rekeying child SAs (RFC 7296, 1.3.1 and 1.3.3).
extension IKEEngine {
    /// SA, TSi, TSr and the notifies of a request for a child SA.
    func childRequest(_ offer: ChildOffer, withKeyExchange: Bool) -> [Payload] {
        var payloads: [Payload] = []
        if let old = offer.rekeys { payloads.append(.notify(Notify(.rekeySA, esp: old))) }
        if offer.way.parameters.mode == .transport { payloads.append(.notify(Notify(.useTransportMode))) }
        if offer.namesQueue { payloads.append(.notify(Notify(.saResourceInfo, queue: offer.queue))) }
        payloads.append(
            .securityAssociation(
                Negotiation.offer(
                    offer.way.parameters.child.proposals, spi: offer.inboundSPI, withKeyExchange: withKeyExchange)))
        if withKeyExchange {
            payloads.append(.nonce(offer.nonce))
            if let key = offer.keyExchange {
                payloads.append(.keyExchange(group: key.method.groupNumber, data: key.publicValue))
            }
        }
        payloads.append(.trafficSelectorsInitiator(Narrowing.local(offer.way.selectors)))
        payloads.append(.trafficSelectorsResponder(Narrowing.remote(offer.way.selectors)))
        return payloads
    }

    mutating func requestChild(
        _ sa: inout IKESA, replacing old: ChildSA?, queue: Int, group: KeyExchangeMethod? = nil, restarts: Int = 0,
        now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        guard let state = peers[sa.peer] else { return }
        // Those of other queues run as the first does.
        let like = old ?? (queue > 0 ? sa.children.first { $0.standing == .active } : nil)
        let way = like.map { state.way(of: $0, on: sa.path) } ?? state.peer.preferred
        let method = group ?? way.parameters.child.proposals.first?.keyExchange
        let offer = ChildOffer(
            inboundSPI: newSPI(of: queue, &random), nonce: randomBytes(32, using: &random),
            keyExchange: method.flatMap { KeyExchangeKey($0, using: &random) }, rekeys: old?.inbound.spi, queue: queue,
            namesQueue: sa.hasQueues && old == nil, restarts: restarts, way: way)
        request(&sa, .createChildSA, .createChild(offer), childRequest(offer, withKeyExchange: true), now: now)
    }

    /// The response to our offer: installs the child SA, or says why there is none.
    mutating func finishChild(
        _ sa: inout IKESA, _ offer: ChildOffer, _ payloads: PayloadSet, inAuth: Bool, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        guard let peer = peers[sa.peer]?.peer else {
            reservedSPIs.remove(offer.inboundSPI)
            return
        }
        guard let answer = payloads.proposals,
            let (choice, peerSPI) = Negotiation.chosen(
                answer, from: offer.way.parameters.child.proposals, withKeyExchange: !inAuth),
            let nonceInitiator = Optional(offer.nonce), let nonceResponder = inAuth ? [] : payloads.nonce,
            let local = payloads.selectorsInitiator, let remote = payloads.selectorsResponder
        else {
            reservedSPIs.remove(offer.inboundSPI)
            return childRefused(&sa, offer, payloads.firstError, now: now, random: &random)
        }
        var shared: SecretBytes?
        if let method = choice.keyExchange {
            shared = payloads.keyExchange.flatMap {
                $0.group == method.groupNumber ? offer.keyExchange?.sharedSecret(with: $0.data) : nil
            }
        }
        let wanted = offer.way.selectors, mode = offer.way.parameters.mode
        let selectors = Narrowing.covered(wanted, local: local, remote: remote)
        let fault: String? =
            if choice.keyExchange != nil, shared == nil {
                "INVALID_KE_PAYLOAD: the peer's public value is not usable"
            } else if payloads.has(.useTransportMode) != (mode == .transport) {
                "USE_TRANSPORT_MODE: the peer answered with another mode than \(mode)"
            } else if selectors.isEmpty || !Narrowing.isNarrowing(local, of: Narrowing.local(wanted))
                || !Narrowing.isNarrowing(remote, of: Narrowing.remote(wanted))
            {
                "TS_UNACCEPTABLE: the peer answered with other traffic selectors"
            } else {
                nil
            }
        let nonces =
            inAuth ? sa.authNonces : (initiator: nonceInitiator, responder: nonceResponder)
        var child = makeChild(
            sa, peer, choice, mode: mode, queue: offer.queue, inboundSPI: offer.inboundSPI, outboundSPI: peerSPI,
            shared: shared, nonces: nonces, weInitiated: true, selectors: selectors, now: now, random: &random)
        if let fault {
            // The peer has installed it: it is never used here, and deleted there.
            child.sending = .withheld
            child.standing = .closing
            sa.children.append(child)
            sa.enqueue(.deleteChildren([offer.inboundSPI]))
            return childFailed(&sa, offer, fault, now: now, random: &random)
        }
        outputs.append(.addInbound(child.inbound, child.lifetime))
        if let rival = offer.rival, rival.winsOver(offer.nonce, nonceResponder) {
            child.sending = .withheld
            child.standing = .closing
            sa.children.append(child)
            sa.enqueue(.deleteChildren([offer.inboundSPI]))
            return
        }
        if inAuth {
            startSending(&child)
        } else {
            child.sending = .waiting(until: .never, replaced: nil)
        }
        if let rival = offer.rival, let index = sa.child(inbound: rival.identifier) {
            sa.children[index].sending = .withheld
            sa.children[index].standing = .replaced
        }
        if let old = offer.rekeys, let index = sa.child(inbound: old) {
            sa.children[index].standing = .closing
            sa.enqueue(.deleteChildren([old]))
        }
        sa.children.append(child)
        if !inAuth { startSending(sa.children.count - 1, of: &sa) }
        // Another request shows the peer that we have had its response; after the last there would be none.
        if offer.rekeys == nil, offer.queue > 0, missingQueue(sa) == nil { sa.enqueue(.liveness) }
        sa.childRetryAt = nil
        peers[sa.peer]?.lastError = nil
        log(
            sa.peer, offer.rekeys == nil ? .childEstablished : .childRekeyed,
            "child SA in \(offer.inboundSPI) out \(peerSPI) \(mode)")
    }

    private mutating func childRefused(
        _ sa: inout IKESA, _ offer: ChildOffer, _ error: Notify?, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        let old = offer.rekeys.flatMap { sa.child(inbound: $0) }
        switch error?.known {
        case .temporaryFailure:
            let pause = Duration.milliseconds(Int64.random(in: 500...1500, using: &random))
            if let old, sa.children[old].standing == .active { sa.children[old].softAt = now + pause }
            if offer.rekeys == nil { sa.childRetryAt = now + pause }
        case .childSANotFound:
            // The peer doesn't have it, so neither do we (RFC 7296, 2.25). A Delete makes sure that both ends agree.
            if let old, sa.children[old].standing == .active {
                sa.children[old].standing = .closing
                sa.enqueue(.deleteChildren([sa.children[old].inbound.spi]))
            }
        case .invalidKEPayload:
            guard let data = error?.data, data.count == 2, offer.restarts < 2,
                let method = KeyExchangeMethod(groupNumber: UInt16(data[0]) << 8 | UInt16(data[1])),
                method != offer.keyExchange?.method,
                offer.way.parameters.child.proposals.contains(where: { $0.keyExchange == method }),
                offer.rekeys == nil || old != nil
            else { fallthrough }
            requestChild(
                &sa, replacing: old.map { sa.children[$0] }, queue: offer.queue, group: method, restarts: offer.restarts + 1,
                now: now, random: &random)
        default:
            childFailed(
                &sa, offer, "\(error?.name ?? "NO_PROPOSAL_CHOSEN"): the peer refused the child SA", now: now, random: &random)
        }
    }

    private mutating func childFailed(
        _ sa: inout IKESA, _ offer: ChildOffer, _ reason: String, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        if offer.rekeys == nil, offer.queue > 0 {
            // What stands carries the link. Another is asked for when one of it has gone.
            sa.queueLimit = sa.servedQueues.count
            return log(sa.peer, .notice, "no child SA for queue \(offer.queue): \(reason)")
        }
        peers[sa.peer]?.lastError = reason
        log(sa.peer, .failed, reason)
        let share = Double.random(in: 0.5...1, using: &random)
        let retryAt = now + .milliseconds(Int64(configuration.childRetryPause.inSeconds * share * 1000))
        if let old = offer.rekeys.flatMap({ sa.child(inbound: $0) }), sa.children[old].standing == .active {
            sa.children[old].softAt = retryAt
        } else if offer.rekeys == nil {
            sa.childRetryAt = retryAt
        }
    }

    // MARK: as responder

    /// The responder's payloads for a child SA, and the child SA when one was made.
    mutating func answerChild(
        _ sa: inout IKESA, _ payloads: PayloadSet, _ exchange: ChildExchange, replacing old: Int?, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> (payloads: [Payload], inbound: SPI?) {
        guard let state = peers[sa.peer], let offered = payloads.proposals,
            let remote = payloads.selectorsInitiator, let local = payloads.selectorsResponder
        else { return ([.notify(Notify(.invalidSyntax))], nil) }
        let mode: IPsecMode = payloads.has(.useTransportMode) ? .transport : .tunnel
        let configured = state.childProposals(on: sa.path, mode: mode)
        guard !configured.isEmpty else {
            return refuseChild(sa, .noProposalChosen, "the peer asked for another mode than \(state.peer.parameters.mode)")
        }
        guard sa.children.count < configuration.childLimit * configuration.queues else {
            return refuseChild(sa, .noAdditionalSAs, "the peer has \(sa.children.count) child SAs and deletes none")
        }
        guard let queue = old.map({ sa.children[$0].queue }) ?? queue(for: payloads, sa) else {
            log(sa.peer, .notice, "TS_MAX_QUEUE: each queue has a child SA")
            return ([.notify(Notify(.tsMaxQueue))], nil)
        }
        let spi = newSPI(of: queue, &random)
        guard
            let (choice, answer, peerSPI) = Negotiation.choose(
                offered, from: configured, spi: spi, withKeyExchange: !exchange.inAuth)
        else {
            reservedSPIs.remove(spi)
            return refuseChild(sa, .noProposalChosen, "the peer offered no ESP proposal that is configured")
        }
        let selectors = Narrowing.covered(state.selectors(on: sa.path), local: local, remote: remote)
        guard !selectors.isEmpty else {
            reservedSPIs.remove(spi)
            return refuseChild(sa, .tsUnacceptable, "the peer offered other traffic selectors")
        }
        var key: KeyExchangeKey?, shared: SecretBytes?
        if let method = choice.keyExchange {
            guard let (group, value) = payloads.keyExchange, group == method.groupNumber else {
                reservedSPIs.remove(spi)
                var wanted = ByteWriter()
                wanted.uint16(method.groupNumber)
                return ([.notify(Notify(.invalidKEPayload, data: wanted.bytes))], nil)
            }
            key = KeyExchangeKey(method, using: &random)
            shared = key?.sharedSecret(with: value)
            guard shared != nil else {
                reservedSPIs.remove(spi)
                return ([.notify(Notify(.invalidSyntax))], nil)
            }
        }
        var child = makeChild(
            sa, state.peer, choice, mode: mode, queue: queue, inboundSPI: spi, outboundSPI: peerSPI, shared: shared,
            nonces: (exchange.nonceInitiator, exchange.nonceResponder), weInitiated: false, selectors: selectors, now: now,
            random: &random)
        outputs.append(.addInbound(child.inbound, child.lifetime))
        if let old {
            child.sending = .waiting(until: now + configuration.outboundSwitchLimit, replaced: sa.children[old].inbound.spi)
            sa.children[old].standing = .replaced
        } else {
            if sa.isUnconfirmed {
                child.sending = .waiting(until: .never, replaced: nil)
            } else if queue > 0 {
                child.sending = .waiting(until: now + configuration.outboundSwitchLimit, replaced: nil)
            } else {
                startSending(&child)
            }
            log(sa.peer, .childEstablished, "child SA in \(spi) out \(peerSPI) \(mode)")
        }
        sa.children.append(child)
        sa.childRetryAt = nil
        peers[sa.peer]?.lastError = nil
        var reply: [Payload] = mode == .transport ? [.notify(Notify(.useTransportMode))] : []
        if queue > 0, old == nil { reply.append(.notify(Notify(.saResourceInfo, queue: queue))) }
        reply.append(.securityAssociation([answer]))
        if !exchange.inAuth { reply.append(.nonce(exchange.nonceResponder)) }
        if let key { reply.append(.keyExchange(group: key.method.groupNumber, data: key.publicValue)) }
        reply.append(.trafficSelectorsInitiator(Narrowing.remote(selectors)))
        reply.append(.trafficSelectorsResponder(Narrowing.local(selectors)))
        return (reply, spi)
    }

    private mutating func refuseChild(
        _ sa: IKESA, _ type: NotifyType, _ reason: String
    ) -> (payloads: [Payload], inbound: SPI?) {
        peers[sa.peer]?.lastError = "\(type.standardName): \(reason)"
        log(sa.peer, .refused, "\(type.standardName): \(reason)")
        return ([.notify(Notify(type))], nil)
    }

    /// A CREATE_CHILD_SA request: for an IKE SA, a rekeyed child SA, or another child SA.
    mutating func answerCreateChild(
        _ sa: inout IKESA, _ payloads: PayloadSet, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> [Payload] {
        guard let offered = payloads.proposals, let nonce = payloads.nonce else { return [.notify(Notify(.invalidSyntax))] }
        if offered.contains(where: { $0.protocolID == SecurityProtocol.ike }) {
            return answerIKERekey(&sa, payloads, offered, nonce: nonce, now: now, random: &random)
        }
        // RFC 7296, 2.25.2.
        if sa.standing != .active { return [.notify(Notify(.temporaryFailure))] }
        if case .rekeyIKE = sa.outstanding?.exchange { return [.notify(Notify(.temporaryFailure))] }
        let exchange = ChildExchange(
            nonceInitiator: nonce, nonceResponder: randomBytes(32, using: &random), inAuth: false)
        guard let rekey = payloads.notify(.rekeySA) else {
            return answerChild(&sa, payloads, exchange, replacing: nil, now: now, random: &random).payloads
        }
        guard rekey.protocolID == SecurityProtocol.esp, let spi = SPI(networkBytes: rekey.spi) else {
            return [.notify(Notify(.childSANotFound))]
        }
        guard let old = sa.child(outbound: spi) else { return [.notify(Notify(.childSANotFound, esp: spi))] }
        // RFC 7296, 2.25.1; also for the second rekey of a child SA that the peer has rekeyed already.
        guard sa.children[old].standing == .active else { return [.notify(Notify(.temporaryFailure))] }
        let oldInbound = sa.children[old].inbound.spi
        let (reply, made) = answerChild(&sa, payloads, exchange, replacing: old, now: now, random: &random)
        if let made {
            log(sa.peer, .childRekeyed, "child SA in \(made), asked for by the peer")
            if case .createChild(var offer) = sa.outstanding?.exchange, offer.rekeys == oldInbound {
                offer.rival = Rival(made, nonce, exchange.nonceResponder)
                sa.outstanding?.exchange = .createChild(offer)
            }
        }
        return reply
    }
}
