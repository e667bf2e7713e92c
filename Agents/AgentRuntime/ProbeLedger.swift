import WarrenModel
import WarrenPlan

/// Where echo requests go: from one inner address to the other, through one interface (nil: wherever the routes say).
public struct ProbeTarget: Sendable, Hashable {
    public let peer: SiteName
    public let interface: String?
    public let addresses: AddressPair

    public init(peer: SiteName, interface: String?, addresses: AddressPair) {
        self.peer = peer
        self.interface = interface
        self.addresses = addresses
    }

    public init(_ tunnel: GIFTunnel) {
        self.init(peer: tunnel.peer, interface: tunnel.interface, addresses: tunnel.inner)
    }
}

/// The account of one target's probes.
struct ProbeLedger {
    /// Requests that may still be answered; older ones count as lost.
    static let window = 8

    let target: ProbeTarget
    let identifier: UInt16
    private(set) var dueAt: MonotonicTime
    private var sequence: UInt16 = 0
    private var pending: [(sequence: UInt16, nonce: UInt64, sentAt: MonotonicTime)] = []
    private(set) var sent: UInt64 = 0
    private(set) var answered: UInt64 = 0
    private var lastAnswer: (at: MonotonicTime, roundTrip: Duration)?

    init(target: ProbeTarget, identifier: UInt16, dueAt: MonotonicTime) {
        self.target = target
        self.identifier = identifier
        self.dueAt = dueAt
    }

    /// The next request, to be sent now; the one after is due an interval later.
    mutating func next(nonce: UInt64, interval: Duration, now: MonotonicTime) -> ICMPEcho {
        sequence &+= 1
        sent += 1
        pending.append((sequence, nonce, now))
        if pending.count > Self.window { pending.removeFirst() }
        dueAt = max(dueAt + interval, now + interval / 2)
        return ICMPEcho(identifier: identifier, sequence: sequence, nonce: nonce)
    }

    /// Counts an answer to a request that waits for one; anything else is passed over.
    mutating func accept(_ echo: ICMPEcho, from source: IPAddress, now: MonotonicTime) {
        guard source == target.addresses.remote, echo.identifier == identifier,
            let index = pending.firstIndex(where: { $0.sequence == echo.sequence && $0.nonce == echo.nonce })
        else { return }
        lastAnswer = (now, now.since(pending[index].sentAt))
        pending.remove(at: index)
        answered += 1
    }

    /// The answers have stopped for so long that the socket may be to blame.
    func isSilent(since start: MonotonicTime, now: MonotonicTime) -> Bool {
        now.since(max(start, lastAnswer?.at ?? start)) > .seconds(5)
    }

    func report(now: MonotonicTime) -> ProbeReport {
        ProbeReport(
            peer: target.peer, lastAnswerSecondsAgo: lastAnswer.map { max(0, now.since($0.at).inSeconds) },
            roundTripMilliseconds: lastAnswer.map { $0.roundTrip.inSeconds * 1_000 }, sent: sent, answered: answered)
    }
}
