import ESP
import WarrenModel

/// Whether what a queue sends arrives. It goes by a port of its own, which a firewall on the way may not let pass, though it lets
/// port 4500: so the peer is asked, and the kernel gives the queue no flow before there was an answer, nor when answers stay away.
struct QueueProbe: Equatable {
    /// From an answer to the next question.
    static let interval = Duration.seconds(10)
    /// From a question without an answer to the next: so long, and after `patience` of them twice as long each time.
    static let firstWait = Duration.seconds(1)
    static let longestWait = Duration.seconds(60)
    /// As many questions without an answer are borne.
    static let patience = 3

    private(set) var isOpen = false
    /// When the next question is due; nil while there is nothing to ask.
    private(set) var next: MonotonicTime?
    private var addresses: AddressPair?
    private var unanswered = 0

    /// The addresses between which the queue sends, nil when it sends nothing. Of others, nothing is known.
    mutating func follow(_ addresses: AddressPair?, now: MonotonicTime) {
        guard addresses != self.addresses else { return }
        self = QueueProbe()
        self.addresses = addresses
        next = addresses == nil ? nil : now
    }

    /// Whether a question is to be sent now.
    mutating func ask(now: MonotonicTime) -> Bool {
        guard let due = next, now >= due else { return false }
        unanswered += 1
        if isGivenUp { isOpen = false }
        let doublings = max(0, min(unanswered - Self.patience, 6))
        next = now + min(Self.firstWait * (1 << doublings), Self.longestWait)
        return true
    }

    /// Whether too many questions in a row had no answer.
    var isGivenUp: Bool { unanswered > Self.patience }
    /// The same, since the last question.
    var isJustGivenUp: Bool { unanswered == Self.patience + 1 }

    /// The peer can answer now: if it has not yet, it is asked at once.
    mutating func hasten(now: MonotonicTime) {
        if !isOpen, addresses != nil { next = now }
    }

    mutating func answered(now: MonotonicTime) {
        guard addresses != nil else { return }
        isOpen = true
        unanswered = 0
        next = now + Self.interval
    }
}

/// What a dummy packet between two queues says (RFC 4303, 2.6: whoever does not know it throws it away). On the wire, four letters
/// and an SPI.
enum ProbeMessage: Equatable {
    static let length = 8
    private static let letters: (question: UInt32, answer: UInt32) = (0x7761_793f, 0x7761_7921)  // way? way!

    /// The SPI of the SA that it is sent by.
    case question(SPI)
    /// The SPI of the question.
    case answer(SPI)

    /// Nil for every other dummy packet.
    init?(_ payload: UnsafeRawPointer, count: Int) {
        guard count == Self.length else { return nil }
        let spi = SPI(rawValue: payload.network(at: 4, as: UInt32.self))
        switch payload.network(at: 0, as: UInt32.self) {
        case Self.letters.question: self = .question(spi)
        case Self.letters.answer: self = .answer(spi)
        default: return nil
        }
    }

    func write(to payload: UnsafeMutableRawPointer) {
        let (letters, spi) =
            switch self {
            case .question(let spi): (Self.letters.question, spi)
            case .answer(let spi): (Self.letters.answer, spi)
            }
        payload.storeNetwork(letters, at: 0)
        payload.storeNetwork(spi.rawValue, at: 4)
    }
}

extension PacketEngine {
    /// Asks where a question is due.
    func probeQueues() {
        nextProbe = nil
        for tunnel in tunnels.values {
            if tunnel.probe.ask(now: now) {
                if let entry = tunnel.carrier {
                    entry._withUnsafeGuaranteedRef { send(.question($0.association.securityAssociation.spi), by: $0) }
                }
                if tunnel.probe.isJustGivenUp { tell(tunnel) }
            }
            expect(tunnel.probe)
        }
    }

    private func expect(_ probe: QueueProbe) {
        if let next = probe.next { nextProbe = min(next, nextProbe ?? next) }
    }

    /// The probe of a tunnel follows what protects the packets that its queue gives.
    func followCarrier(_ tunnel: TunnelEntry) {
        guard queue > 0, tunnel.isSource else { return }
        let association = tunnel.carrier?._withUnsafeGuaranteedRef { $0.association.securityAssociation }
        tunnel.probe.follow(association.map { AddressPair($0) }, now: now)
        expect(tunnel.probe)
    }

    /// A dummy packet of a peer. Returns why it was dropped, if it said nothing to this gateway.
    func take(_ message: ProbeMessage?, by entry: InboundEntry) -> DropReason? {
        guard queue > 0, let message, let tunnel = entry.tunnel else { return .dummy }
        return tunnel._withUnsafeGuaranteedRef { take(message, by: entry, from: $0) }
    }

    private func take(_ message: ProbeMessage, by entry: InboundEntry, from tunnel: TunnelEntry) -> DropReason? {
        switch message {
        case .question(let spi):
            guard spi == entry.association.securityAssociation.spi else { return .dummy }
            // Where there is no SA to answer by, the peer's use of this one may bring one, and the peer asks again.
            tellFirst(entry)
            tunnel.carrier?._withUnsafeGuaranteedRef { send(.answer(spi), by: $0) }
            tunnel.probe.hasten(now: now)
            expect(tunnel.probe)
        case .answer(let spi):
            // That of an SA that has been replaced says nothing.
            let sent = peers[tunnel.settings.peer]?.outbound ?? []
            guard sent.contains(where: { $0.association.securityAssociation.spi == spi }) else { return nil }
            let wasOpen = tunnel.probe.isOpen
            tunnel.probe.answered(now: now)
            if tunnel.probe.isOpen != wasOpen { tell(tunnel) }
        }
        return nil
    }

    private func tell(_ tunnel: TunnelEntry) {
        enable(tunnel)
        events.append(.queuePath(peer: tunnel.settings.peer, queue: queue, isOpen: tunnel.probe.isOpen))
    }

    /// Sends it at once.
    private func send(_ message: ProbeMessage, by entry: OutboundEntry) {
        transmit.flush()
        let layout = entry.association.layout, length = layout.sealedLength(payload: ProbeMessage.length)
        let place = transmit.reserve(length, route: entry.route, trafficClass: 0)
        message.write(to: place + layout.payloadOffset)
        if let reason = entry.association.seal(place, payload: ProbeMessage.length, nextHeader: ESP.noNextHeader) {
            transmit.cancelLast(length)
            drops.count(reason)
        }
        transmit.flush()
    }
}
