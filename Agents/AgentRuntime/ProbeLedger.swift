import WarrenModel

/// The account of one target's probes.
struct ProbeLedger {
    /// Requests that may still be answered; older ones count as lost.
    static let window = 8

    private struct Question {
        let probe: Probe
        let sentAt: MonotonicTime
    }

    let target: ProbeTarget
    let identifier: UInt16
    private var smallDueAt: MonotonicTime
    private var sequence: UInt16 = 0
    private var pending: [Question] = []
    private(set) var sent: UInt64 = 0
    private(set) var answered: UInt64 = 0
    private var lastAnswer: (at: MonotonicTime, roundTrip: Duration)?
    private var losses = LossWindow()
    var path: PathProbe

    init(target: ProbeTarget, identifier: UInt16, dueAt: MonotonicTime) {
        self.target = target
        self.identifier = identifier
        smallDueAt = dueAt
        path = PathProbe(tunnelMTU: target.mtu, dueAt: dueAt + .seconds(2))
    }

    /// When `next` is to be asked.
    var dueAt: MonotonicTime { min(smallDueAt, path.dueAt) }

    /// The next request, to be sent now; nil when none is due. The small one after is due an interval later.
    mutating func next(nonce: UInt64, interval: Duration, now: MonotonicTime) -> Probe? {
        if smallDueAt <= now {
            smallDueAt = max(smallDueAt + interval, now + interval / 2)
            sent += 1
            let probe = ask(nonce, packetSize: 0, now)
            losses.sent(probe.echo.sequence, at: now)
            return probe
        }
        return path.next(lastAnswer: lastAnswer?.at, now: now).map { ask(nonce, packetSize: $0, now) }
    }

    private mutating func ask(_ nonce: UInt64, packetSize: Int, _ now: MonotonicTime) -> Probe {
        sequence &+= 1
        let probe = Probe(
            echo: ICMPEcho(identifier: identifier, sequence: sequence, nonce: nonce), packetSize: packetSize)
        pending.append(Question(probe: probe, sentAt: now))
        if pending.count > Self.window { pending.removeFirst() }
        return probe
    }

    /// Counts an answer to a request that waits for one; anything else is passed over.
    mutating func accept(_ echo: ICMPEcho, from source: IPAddress, now: MonotonicTime) {
        guard source == target.addresses.remote, let index = pending.firstIndex(where: { $0.probe.echo == echo }) else {
            return
        }
        let question = pending.remove(at: index)
        guard question.probe.packetSize == 0 else {
            path.answered(question.probe.packetSize, now: now)
            return
        }
        lastAnswer = (now, now.since(question.sentAt))
        losses.answered(echo.sequence)
        answered += 1
    }

    /// The answers have stopped for so long that the socket may be to blame.
    func isSilent(since start: MonotonicTime, now: MonotonicTime) -> Bool {
        now.since(max(start, lastAnswer?.at ?? start)) > .seconds(5)
    }

    func report(now: MonotonicTime) -> ProbeReport {
        ProbeReport(
            peer: target.peer, lastAnswerSecondsAgo: lastAnswer.map { max(0, now.since($0.at).inSeconds) },
            roundTripMilliseconds: lastAnswer.map { $0.roundTrip.inSeconds * 1_000 }, sent: sent, answered: answered,
            lossPercent: losses.lossPercent(now: now), pathMTU: path.result.map { UInt32(clamping: $0) })
    }
}
