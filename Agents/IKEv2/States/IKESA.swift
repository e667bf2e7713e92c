import ESP
import WarrenModel

/// An established IKE SA.
struct IKESA: Sendable {
    enum Standing: Sendable, Equatable {
        case active
        /// Made by the peer's half of two crossing rekeys that are not settled yet (RFC 7296, 2.25.2).
        case candidate
        /// A newer IKE SA has its children; the peer will delete it.
        case replaced
        /// We delete it, or are about to.
        case closing
    }

    let peer: SiteName
    let identity: IKEIdentity
    let proposal: IKEProposal
    let keys: IKEKeys
    /// The pre-shared key that both ends have proven.
    let key: PreSharedKey
    private(set) var path: Path
    let nat: NATOutcome
    let fragmentation: Bool
    let createdAt: MonotonicTime
    var envelope: Envelope
    /// The nonces of IKE_SA_INIT: the first child SA's keys are made under them. Gone after IKE_AUTH.
    var authNonces: (initiator: [UInt8], responder: [UInt8]) = ([], [])
    var fragments = FragmentBuffer()
    var standing = Standing.active
    /// When a standing other than active ends by itself, or SAs that were superseded or are not accepted any more do.
    var expiresAt: MonotonicTime?
    /// We made another in its place, and delete it once packets come on that.
    var isSuperseded = false
    /// The peer made it while another carried our packets, and has not shown yet that it has it.
    var isUnconfirmed = false

    var nextRequestID: UInt32
    var outstanding: OutstandingRequest?
    var pending: [ExchangeTask] = []
    var expectedRequestID: UInt32
    var lastResponse: [[UInt8]] = []

    var children: [ChildSA] = []
    /// Inbound SAs of an IKE SA that we delete: the peer may send on them until it knows.
    var lingering: [SPI] = []
    var childRetryAt: MonotonicTime?
    /// Both ends have several queues, and want a child SA for each (RFC 9611).
    var hasQueues = false
    /// The peer made no child SA beside those of so many queues (TS_MAX_QUEUE).
    var queueLimit: Int?
    var softAt: MonotonicTime
    var hardAt: MonotonicTime
    var lastHeardAt: MonotonicTime
    var keepaliveAt: MonotonicTime?
    /// The other end of a rekey holds its first requests back until the old IKE SA is gone.
    var quietUntil: MonotonicTime?

    /// Goes on where the peer is now: a NAT before it has another port for it (RFC 7296, 2.23). Only after what proves it. An end
    /// that is itself behind a NAT does not follow. False when nothing has changed.
    mutating func follow(to remote: Endpoint) -> Bool {
        guard !nat.behindNAT, path.local.port == Path.encapsulationPort, path.remote.address == remote.address,
            path.remote.port != remote.port
        else { return false }
        path = Path(local: path.local, remote: remote)
        outstanding?.retransmission.redirect(to: path)
        return true
    }

    /// Whether packets go out under it.
    var carries: Bool { children.contains { $0.sending == .installed } }

    /// It does not renew itself any more.
    var isEnding: Bool { standing == .active && expiresAt != nil }

    /// The queues that have a child SA.
    var servedQueues: Set<Int> { Set(children.filter { $0.standing == .active }.map(\.queue)) }

    var isBusyWithChild: Bool {
        switch outstanding?.exchange {
        case .createChild, .deleteChildren: true
        default: false
        }
    }

    func child(outbound spi: SPI) -> Int? { children.firstIndex { $0.outbound.spi == spi } }
    func child(inbound spi: SPI) -> Int? { children.firstIndex { $0.inbound.spi == spi } }

    mutating func enqueue(_ task: ExchangeTask) {
        if !pending.contains(task) { pending.append(task) }
    }
}

/// What waits for its turn: one request at a time (RFC 7296, 2.3: window 1).
enum ExchangeTask: Sendable, Equatable {
    case liveness
    case createChild(queue: Int)
    case rekeyChild(inbound: SPI)
    case deleteChildren([SPI])
    /// Tells the peer that we don't receive under this SPI.
    case deleteUnknown(SPI)
    case rekeyIKE
    case deleteIKE

    /// It makes what an IKE SA that is on its way out needs no more.
    var prolongs: Bool {
        switch self {
        case .createChild, .rekeyIKE: true
        default: false
        }
    }
}

struct OutstandingRequest: Sendable {
    let messageID: UInt32
    var exchange: Exchange
    var retransmission: Retransmission

    enum Exchange: Sendable {
        case liveness
        case createChild(ChildOffer)
        case rekeyIKE(IKERekeyOffer)
        case deleteChildren([SPI])
        case deleteIKE
    }
}

/// What we offered for a child SA.
struct ChildOffer: Sendable {
    let inboundSPI: SPI
    let nonce: [UInt8]
    let keyExchange: KeyExchangeKey?
    /// The inbound SPI of the child SA that this one replaces.
    let rekeys: SPI?
    let queue: Int
    /// The peer is told that there are queues.
    let namesQueue: Bool
    let restarts: Int
    /// What was asked for.
    let way: IKEAlternative
    /// The peer's crossing rekey of the same child SA, which we answered (RFC 7296, 2.8.1).
    var rival: Rival<SPI>?
}

struct IKERekeyOffer: Sendable {
    let spi: IKESPI
    let nonce: [UInt8]
    let keyExchange: KeyExchangeKey
    let restarts: Int
    let proposals: [IKEProposal]
    var rival: Rival<IKESPI>?
}

/// The SA that the peer's half of two crossing rekeys made, and the lower of its two nonces.
struct Rival<Identifier: Sendable>: Sendable {
    let identifier: Identifier
    let lowestNonce: [UInt8]

    init(_ identifier: Identifier, _ a: [UInt8], _ b: [UInt8]) {
        self.identifier = identifier
        lowestNonce = Self.lower(a, b)
    }

    private static func lower(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] { b.lexicographicallyPrecedes(a) ? b : a }

    /// Whether our exchange's SA, made with these nonces, is the redundant one: it has the lowest of all four.
    func winsOver(_ a: [UInt8], _ b: [UInt8]) -> Bool { Self.lower(a, b).lexicographicallyPrecedes(lowestNonce) }
}
