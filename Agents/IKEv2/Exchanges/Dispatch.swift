import WarrenModel

extension IKEEngine {
    /// From a datagram to the state that it is for.
    mutating func dispatch(_ arrived: IKEDatagram, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        guard arrived.bytes.count <= configuration.maximumDatagram else { return }
        let header: MessageHeader
        do { header = try MessageHeader(reading: arrived.bytes) } catch {
            if case .unsupportedMajorVersion(let major) = error { refuseVersion(major, publicly(arrived), now: now) }
            return
        }
        guard let exchange = ExchangeType(rawValue: header.exchange) else { return }
        if exchange == .ikeSAInit, !header.isResponse {
            return answerInit(header, publicly(arrived), now: now, random: &random)
        }
        guard let spi = sessionSPI(for: header), let session = sessions[spi] else {
            return answerUnknown(header, publicly(arrived), now: now, random: &random)
        }
        let datagram = publicly(arrived, for: session)
        // A peer's port may change (RFC 7296, 2.23), its address is configured: whoever sends a datagram on from elsewhere
        // gets no answer, and no SA is led there.
        guard session.path.joinsSameAddresses(as: datagram) else { return }
        sessions[spi] = nil
        switch session {
        case .initiating(let state): receiveInit(state, header, datagram, now: now, random: &random)
        case .authenticating(let state): receiveAuth(state, header, datagram, now: now, random: &random)
        case .accepting(let state): answerAuth(state, header, datagram, now: now, random: &random)
        case .established(let sa): receive(sa, header, datagram, now: now, random: &random)
        case .closed(let state):
            sessions[spi] = session
            if !header.isResponse, header.messageID == state.lastRequestID, state.envelope.isFirstPart(datagram.bytes, header) {
                outputs += state.response.map { .send(IKEDatagram(local: datagram.local, remote: datagram.remote, bytes: $0)) }
            }
        }
    }

    /// Our SPI of the IKE SA that a message names, when both SPIs are that SA's.
    private func sessionSPI(for header: MessageHeader) -> IKESPI? {
        // A notify about an unknown IKE SA may have either value of the initiator flag (RFC 7296, 1.5).
        for spi in header.fromInitiator
            ? [header.responderSPI, header.initiatorSPI] : [header.initiatorSPI, header.responderSPI]
        where spi != .zero {
            switch sessions[spi] {
            case .initiating(let state):
                if header.isResponse, header.initiatorSPI == state.spi { return spi }
            case .authenticating(let state): if matches(header, state.outcome.identity) { return spi }
            case .accepting(let state): if matches(header, state.outcome.identity) { return spi }
            case .established(let sa): if matches(header, sa.identity) { return spi }
            case .closed(let state): if matches(header, state.identity) { return spi }
            case nil: continue
            }
        }
        return nil
    }

    private func matches(_ header: MessageHeader, _ identity: IKEIdentity) -> Bool {
        header.initiatorSPI == identity.initiatorSPI && header.responderSPI == identity.responderSPI
    }

    /// The peer configured with this pair of addresses: one that prefers it before one that also accepts it.
    func site(local: IPAddress, remote: IPAddress) -> SiteName? {
        let outer = AddressPair(local: local, remote: remote), candidates = addresses.candidates(outer)
        return candidates.first { peers[$0]?.peer.outer == outer } ?? candidates.first
    }

    /// At most one reaction per second and peer to what nobody has proven.
    mutating func mayReact(to site: SiteName, now: MonotonicTime) -> Bool {
        guard let state = peers[site] else { return false }
        if let last = state.lastHintAt, now.since(last) < .seconds(1) { return false }
        peers[site]?.lastHintAt = now
        return true
    }

    private mutating func refuseVersion(_ major: UInt8, _ datagram: IKEDatagram, now: MonotonicTime) {
        // RFC 7296, 2.5: only to a request of a higher version; bounded, for nobody has proven anything.
        guard major > 2, datagram.bytes.count >= MessageHeader.length, datagram.bytes[19] & 0x20 == 0,
            let site = site(local: datagram.local.address, remote: datagram.remote.address), mayReact(to: site, now: now)
        else { return }
        var reader = ByteReader(datagram.bytes)
        guard let initiator = try? reader.uint64(), let responder = try? reader.uint64(), (try? reader.uint32()) != nil,
            let messageID = try? reader.uint32()
        else { return }
        let header = MessageHeader(
            initiatorSPI: IKESPI(rawValue: initiator), responderSPI: IKESPI(rawValue: responder), exchange: .informational,
            fromInitiator: false, isResponse: true, messageID: messageID)
        sendPlain(header, [.notify(Notify(.invalidMajorVersion))], to: datagram)
    }

    /// A request for an IKE SA that we don't have (RFC 7296, 2.21.4): say so, and make one if the peer believes in one.
    private mutating func answerUnknown(
        _ header: MessageHeader, _ datagram: IKEDatagram, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        guard !header.isResponse, let site = site(local: datagram.local.address, remote: datagram.remote.address),
            mayReact(to: site, now: now)
        else { return }
        var reply = header
        reply.isResponse = true
        reply.fromInitiator = !header.fromInitiator
        sendPlain(reply, [.notify(Notify(.invalidIKESPI))], to: datagram)
        connectIfStateless(site, now: now, random: &random)
    }

    mutating func contactWithoutState(
        _ spi: SPI?, local: IPAddress, remote: IPAddress, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        guard let site = site(local: local, remote: remote), spi.map({ !reservedSPIs.contains($0) }) ?? true,
            mayReact(to: site, now: now)
        else { return }
        if var sa = currentSA(of: site) {
            // A Delete of what we don't have: the peer drops its half if it has one, and both ends agree again.
            guard let spi else { return }
            sa.enqueue(.deleteUnknown(spi))
            return settle(sa, now: now, random: &random)
        }
        connectIfStateless(site, now: now, random: &random)
    }

    /// The peer holds SAs that we don't, so one of us restarted: an IKE SA with INITIAL_CONTACT clears that up. Also the
    /// end that usually waits does this, once.
    private mutating func connectIfStateless(
        _ site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        let isStateless = sessions.of(site).allSatisfy {
            // Nobody has proven that the peer began this one, and what it began a while ago it may have forgotten.
            if case .accepting(let state) = $0.session { now.since(state.createdAt) >= .seconds(2) } else { false }
        }
        if isStateless { connect(site, now: now, random: &random) }
    }

    mutating func sendPlain(_ header: MessageHeader, _ payloads: [Payload], to datagram: IKEDatagram) {
        let bytes = PlainMessage.encode(header, payloads)
        outputs.append(.send(IKEDatagram(local: datagram.local, remote: datagram.remote, bytes: bytes)))
    }

    mutating func log(_ peer: SiteName?, _ kind: IKEEvent.Kind, _ text: String) {
        outputs.append(.event(IKEEvent(peer: peer, kind: kind, text: text)))
    }
}
