import WarrenModel

/// Requests and responses of an established IKE SA: message ids, the cached response, the one outstanding request.
extension IKEEngine {
    /// What becomes of an IKE SA after a message.
    enum Fate {
        case keep
        /// It is over, but its last response may have to be repeated.
        case close
        case drop
    }

    mutating func receive(
        _ established: IKESA, _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        var sa = established
        let fate =
            header.isResponse
            ? takeResponse(&sa, header, datagram, now: now, random: &random)
            : takeRequest(&sa, header, datagram, now: now, random: &random)
        switch fate {
        case .keep: settle(sa, now: now, random: &random)
        case .close:
            sessions[sa.identity.ours] = .closed(
                ClosedSA(
                    peer: sa.peer, path: sa.path, wasEstablished: true, identity: sa.identity, envelope: sa.envelope,
                    lastRequestID: sa.expectedRequestID &- 1, response: sa.lastResponse,
                    expiresAt: now + configuration.closedLifetime))
            bury(sa, now: now, random: &random)
            if sa.standing == .replaced { endQuiet(of: sa.peer, now: now, random: &random) }
        case .drop: bury(sa, now: now, random: &random)
        }
    }

    /// The peer is done with an IKE SA that it rekeyed: what replaces it may begin requests.
    private mutating func endQuiet(of site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        guard var successor = currentSA(of: site), successor.quietUntil != nil else { return }
        successor.quietUntil = nil
        settle(successor, now: now, random: &random)
    }

    private mutating func takeRequest(
        _ sa: inout IKESA, _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> Fate {
        if header.messageID == sa.expectedRequestID &- 1, !sa.lastResponse.isEmpty {
            if sa.envelope.isFirstPart(datagram.bytes, header) {
                outputs += sa.lastResponse.map { .send(IKEDatagram(local: datagram.local, remote: datagram.remote, bytes: $0)) }
                deferSending(&sa, now: now)
            }
            return .keep
        }
        guard header.messageID == sa.expectedRequestID,
            case .whole(let first, let plaintext) = sa.envelope.open(datagram.bytes, header, &sa.fragments)
        else { return .keep }
        sa.lastHeardAt = now
        sa.quietUntil = nil
        releaseAnswered(&sa)
        if sa.follow(to: datagram.remote) { outputs.append(.redirect(peer: sa.peer, remote: datagram.remote)) }
        let payloads: PayloadSet
        do { payloads = PayloadSet(try PayloadChain.parse(plaintext[...], first: first)) } catch {
            let exchange = ExchangeType(rawValue: header.exchange) ?? .informational
            if case .unsupportedCriticalPayload(let type) = error {
                respond(&sa, exchange, [.notify(Notify(.unsupportedCriticalPayload, data: [type]))], to: datagram)
                return .keep
            }
            // RFC 7296, 2.21.3: fatal on both ends.
            respond(&sa, exchange, [.notify(Notify(.invalidSyntax))], to: datagram)
            log(sa.peer, .closed, "INVALID_SYNTAX: an authentic request can't be read")
            return .close
        }
        if sa.standing == .candidate, !payloads.deletions.contains(.ikeSA) { settleCrossing(for: &sa, now: now) }
        switch ExchangeType(rawValue: header.exchange) {
        case .informational:
            let fate = answerInformational(&sa, payloads, datagram, now: now, random: &random)
            if fate == .keep { confirm(&sa) }
            return fate
        case .createChildSA:
            confirm(&sa)
            let reply = answerCreateChild(&sa, payloads, now: now, random: &random)
            respond(&sa, .createChildSA, reply, to: datagram)
        case .ikeAuth, .ikeSAInit, nil:
            respond(&sa, .informational, [.notify(Notify(.invalidSyntax))], to: datagram)
        }
        return .keep
    }

    /// A new request shows that the peer has had our response to the one before, and with it what that made beside others.
    private mutating func releaseAnswered(_ sa: inout IKESA) {
        for index in sa.children.indices where sa.children[index].standing == .active {
            if case .waiting(let until, nil) = sa.children[index].sending, until < .never { startSending(index, of: &sa) }
        }
    }

    /// The peer has not had our response yet, so it does not receive on what that would make.
    private func deferSending(_ sa: inout IKESA, now: MonotonicTime) {
        for index in sa.children.indices {
            guard case .waiting(let until, let replaced) = sa.children[index].sending, until < .never else { continue }
            sa.children[index].sending = .waiting(
                until: max(until, now + configuration.outboundSwitchLimit), replaced: replaced)
        }
    }

    private mutating func takeResponse(
        _ sa: inout IKESA, _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> Fate {
        guard let outstanding = sa.outstanding, header.messageID == outstanding.messageID else { return .keep }
        let opened = sa.envelope.open(datagram.bytes, header, &sa.fragments)
        guard case .whole(let first, let plaintext) = opened else {
            if case .forged = opened { hint(sa, header, datagram, now: now, random: &random) }
            return .keep
        }
        sa.outstanding = nil
        sa.lastHeardAt = now
        guard let chain = try? PayloadChain.parse(plaintext[...], first: first),
            !PayloadSet(chain).has(.invalidSyntax)
        else {
            log(sa.peer, .closed, "INVALID_SYNTAX: a response can't be read, or our request could not")
            abandon(outstanding.exchange)
            return .drop
        }
        let payloads = PayloadSet(chain)
        switch outstanding.exchange {
        case .liveness: break
        case .createChild(let offer): finishChild(&sa, offer, payloads, inAuth: false, now: now, random: &random)
        case .rekeyIKE(let offer): finishIKERekey(&sa, offer, payloads, now: now, random: &random)
        case .deleteChildren(let spis): finishDelete(&sa, spis, now: now)
        case .deleteIKE: return .drop
        }
        confirm(&sa)
        return .keep
    }

    /// An unprotected INVALID_IKE_SPI proves nothing, so the IKE SA stays; but the end that makes them tries a new one,
    /// which replaces this one when the peer has proven the key (RFC 7296, 2.4).
    private mutating func hint(
        _ sa: IKESA, _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) {
        guard sa.standing == .active, sa.path.isSame(as: datagram), let state = peers[sa.peer], makesContact(state),
            let payloads = try? PlainMessage.parse(datagram.bytes, header), payloads.has(.invalidIKESPI),
            mayReact(to: sa.peer, now: now)
        else { return }
        connect(sa.peer, now: now, random: &random)
    }

    /// Frees what an exchange that never ended had reserved.
    mutating func abandon(_ exchange: OutstandingRequest.Exchange?) {
        if case .createChild(let offer) = exchange { reservedSPIs.remove(offer.inboundSPI) }
    }

    /// Seals, remembers and sends the response to the request that is being answered.
    mutating func respond(_ sa: inout IKESA, _ exchange: ExchangeType, _ payloads: [Payload], to datagram: IKEDatagram) {
        let header = sa.identity.header(exchange, isResponse: true, messageID: sa.expectedRequestID)
        sa.lastResponse = sa.envelope.seal(
            header, payloads, fragmentation: sa.fragmentation, limit: configuration.fragmentLength)
        sa.expectedRequestID &+= 1
        outputs += sa.lastResponse.map { .send(IKEDatagram(local: datagram.local, remote: datagram.remote, bytes: $0)) }
    }

    /// Puts an IKE SA back after its turn, and lets it begin its next exchange.
    mutating func settle(_ settled: IKESA, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        var sa = settled
        wantChild(&sa, now: now)
        while sa.outstanding == nil, sa.quietUntil.map({ now >= $0 }) ?? true, !sa.pending.isEmpty {
            begin(sa.pending.removeFirst(), &sa, now: now, random: &random)
        }
        sessions[sa.identity.ours] = .established(sa)
    }

    private mutating func begin(
        _ task: ExchangeTask, _ sa: inout IKESA, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        switch task {
        case .liveness: request(&sa, .informational, .liveness, [], now: now)
        case .createChild(let queue): requestChild(&sa, replacing: nil, queue: queue, now: now, random: &random)
        case .rekeyChild(let spi):
            guard let index = sa.child(inbound: spi), sa.children[index].standing == .active else { return }
            requestChild(&sa, replacing: sa.children[index], queue: sa.children[index].queue, now: now, random: &random)
        case .deleteChildren(let spis):
            let present = spis.filter { sa.child(inbound: $0) != nil }
            guard !present.isEmpty else { return }
            request(&sa, .informational, .deleteChildren(present), [.delete(.esp(present))], now: now)
        case .deleteUnknown(let spi):
            guard !reservedSPIs.contains(spi) else { return }
            request(&sa, .informational, .deleteChildren([spi]), [.delete(.esp([spi]))], now: now)
        case .rekeyIKE: requestIKERekey(&sa, now: now, random: &random)
        case .deleteIKE: request(&sa, .informational, .deleteIKE, [.delete(.ikeSA)], now: now)
        }
    }

    mutating func request(
        _ sa: inout IKESA, _ type: ExchangeType, _ exchange: OutstandingRequest.Exchange, _ payloads: [Payload],
        now: MonotonicTime
    ) {
        let header = sa.identity.header(type, isResponse: false, messageID: sa.nextRequestID)
        let bytes = sa.envelope.seal(header, payloads, fragmentation: sa.fragmentation, limit: configuration.fragmentLength)
        let retransmission = Retransmission(bytes.map(sa.path.datagram), now: now, configuration: configuration)
        sa.outstanding = OutstandingRequest(messageID: sa.nextRequestID, exchange: exchange, retransmission: retransmission)
        sa.nextRequestID &+= 1
        outputs += retransmission.datagrams.map(IKEOutput.send)
    }
}
