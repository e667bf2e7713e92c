import ESP
import WarrenModel

/// Where an IKE SA's messages go from and to.
struct Path: Sendable, Equatable {
    static let ikePort: UInt16 = 500
    static let encapsulationPort: UInt16 = 4500

    let local: Endpoint
    let remote: Endpoint

    func datagram(_ bytes: [UInt8]) -> IKEDatagram { IKEDatagram(local: local, remote: remote, bytes: bytes) }

    /// Port 4500 on both ends (RFC 7296, 2.23).
    var floated: Path {
        guard local.port != Self.encapsulationPort else { return self }
        return Path(
            local: Endpoint(address: local.address, port: Self.encapsulationPort),
            remote: Endpoint(address: remote.address, port: Self.encapsulationPort))
    }

    var addresses: AddressPair { AddressPair(local: local.address, remote: remote.address) }
    func isSame(as datagram: IKEDatagram) -> Bool { datagram.local == local && datagram.remote == remote }
    func joinsSameAddresses(as datagram: IKEDatagram) -> Bool {
        datagram.local.address == local.address && datagram.remote.address == remote.address
    }
}

/// A request that waits for its response, and when it is sent again: the same bytes (RFC 7296, 2.1).
struct Retransmission: Sendable {
    enum Verdict { case waiting, exhausted }

    private(set) var datagrams: [IKEDatagram]
    private var sent = 1
    private var wait: Duration
    private(set) var dueAt: MonotonicTime

    init(_ datagrams: [IKEDatagram], now: MonotonicTime, configuration: IKEConfiguration) {
        self.datagrams = datagrams
        wait = configuration.retransmissionBase
        dueAt = now + wait
    }

    /// The same bytes, elsewhere.
    mutating func redirect(to path: Path) { datagrams = datagrams.map { path.datagram($0.bytes) } }

    mutating func run(
        now: MonotonicTime, tries: Int, configuration: IKEConfiguration, outputs: inout [IKEOutput]
    ) -> Verdict {
        guard now >= dueAt else { return .waiting }
        guard sent < tries else { return .exhausted }
        sent += 1
        wait = min(wait * 2, configuration.retransmissionMaximum)
        dueAt = now + wait
        outputs += datagrams.map(IKEOutput.send)
        return .waiting
    }
}

/// The two SPIs of an IKE SA and which of them is ours.
struct IKEIdentity: Sendable, Equatable {
    let initiatorSPI: IKESPI
    let responderSPI: IKESPI
    /// We began this IKE SA.
    let isInitiator: Bool

    var ours: IKESPI { isInitiator ? initiatorSPI : responderSPI }

    func header(_ exchange: ExchangeType, isResponse: Bool, messageID: UInt32) -> MessageHeader {
        MessageHeader(
            initiatorSPI: initiatorSPI, responderSPI: responderSPI, exchange: exchange, fromInitiator: isInitiator,
            isResponse: isResponse, messageID: messageID)
    }
}

/// The life of an IKE SA: each state is made from the one before.
enum Session: Sendable {
    /// We sent IKE_SA_INIT.
    case initiating(InitiatorInit)
    /// We sent IKE_AUTH.
    case authenticating(InitiatorAuth)
    /// We answered IKE_SA_INIT.
    case accepting(ResponderInit)
    case established(IKESA)
    /// Answers repetitions of its last request, and nothing else.
    case closed(ClosedSA)

    var peer: SiteName {
        switch self {
        case .initiating(let state): state.peer
        case .authenticating(let state): state.peer
        case .accepting(let state): state.peer
        case .established(let sa): sa.peer
        case .closed(let state): state.peer
        }
    }

    var path: Path {
        switch self {
        case .initiating(let state): state.path
        case .authenticating(let state): state.path
        case .accepting(let state): state.path
        case .established(let sa): sa.path
        case .closed(let state): state.path
        }
    }
}

struct InitiatorInit: Sendable {
    let peer: SiteName
    let spi: IKESPI
    let path: Path
    let proposals: [IKEProposal]
    let startedAt: MonotonicTime
    let nonce: [UInt8]
    /// We announced a NAT that is not there.
    let isForced: Bool
    /// We announced one that is.
    let isBehindNAT: Bool
    var keyExchange: KeyExchangeKey
    var cookie: [UInt8] = []
    /// COOKIE and INVALID_KE_PAYLOAD rounds so far.
    var restarts = 0
    var request: [UInt8]
    var retransmission: Retransmission
}

/// What both ends know once IKE_SA_INIT is done.
struct InitOutcome: Sendable {
    let identity: IKEIdentity
    let proposal: IKEProposal
    let keys: IKEKeys
    let nonceInitiator: [UInt8]
    let nonceResponder: [UInt8]
    let request: [UInt8]
    let response: [UInt8]
    let nat: NATOutcome
    let fragmentation: Bool
}

struct InitiatorAuth: Sendable {
    let peer: SiteName
    let path: Path
    let startedAt: MonotonicTime
    let outcome: InitOutcome
    var envelope: Envelope
    var fragments = FragmentBuffer()
    let child: ChildOffer
    var retransmission: Retransmission
}

struct ResponderInit: Sendable {
    let peer: SiteName
    let path: Path
    let outcome: InitOutcome
    var envelope: Envelope
    var fragments = FragmentBuffer()
    let createdAt: MonotonicTime
}

struct ClosedSA: Sendable {
    let peer: SiteName
    let path: Path
    /// The peer had proven the key.
    let wasEstablished: Bool
    let identity: IKEIdentity
    let envelope: Envelope
    let lastRequestID: UInt32
    let response: [[UInt8]]
    let expiresAt: MonotonicTime
}
