import Foundation
import Glibc
import Synchronization
import WarrenModel

/// Sends an echo request per second through each tunnel, and now and then one as large as the tunnel takes, and keeps account
/// of the answers. One thread serves all targets,
/// and spreads their requests over the second.
public final class Prober: Sendable {
    private struct State {
        var ledgers: [ProbeTarget: ProbeLedger] = [:]
        var nextIdentifier = UInt16.random(in: 0...UInt16.max)
        var isStopped = false
    }

    private let interval: Duration
    private let state = Mutex(State())
    private let wakeReading: Int32
    private let wakeWriting: Int32

    public init(interval: Duration = .seconds(1)) throws(AgentError) {
        self.interval = interval
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw AgentError(.invalid, "cannot make a pipe: \(String(cString: strerror(errno)))") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (wakeReading, wakeWriting) = (ends[0], ends[1])
    }

    deinit {
        close(wakeReading)
        close(wakeWriting)
    }

    /// Starts the thread; it ends after `stop`.
    public func start() {
        let thread = Thread { [self] in work() }
        thread.name = "warren-prober"
        thread.start()
    }

    public func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    /// What to probe from now on; a target that stays keeps its account.
    public func setTargets(_ targets: [ProbeTarget]) {
        let now = MonotonicTime.now
        let isChanged = state.withLock { state in
            let wanted = Set(targets)
            for target in targets { state.ledgers[target]?.path.tunnelMTU = target.mtu }
            guard wanted != Set(state.ledgers.keys) else { return false }
            state.ledgers = state.ledgers.filter { wanted.contains($0.key) }
            for (place, target) in targets.enumerated() where state.ledgers[target] == nil {
                state.nextIdentifier &+= 1
                let phase = interval * place / max(1, targets.count)
                state.ledgers[target] = ProbeLedger(
                    target: target, identifier: state.nextIdentifier, dueAt: now + phase)
            }
            return true
        }
        if isChanged { wake() }
    }

    /// The account of each target, in order of peers.
    public func reports() -> [ProbeReport] {
        let now = MonotonicTime.now
        return state.withLock { $0.ledgers.values.map { $0.report(now: now) } }.sorted { $0.peer < $1.peer }
    }

    private func wake() {
        var byte: UInt8 = 1
        _ = write(wakeWriting, &byte, 1)
    }

    private func work() {
        var sockets = EchoSockets()
        var buffer = [UInt8](repeating: 0, count: 65_535)
        while true {
            let now = MonotonicTime.now
            guard let (targets, due, next) = plan(now) else { return }
            sockets.keep(only: targets)
            for (target, probe) in due { sockets.send(probe, to: target, now: now) }
            let wait = next.map { max(1, min(1_000, Int32(clamping: Int64($0.since(now).inSeconds * 1_000)) + 1)) } ?? 1_000
            for target in sockets.wait(milliseconds: wait, wake: wakeReading) {
                // Bounded, so that a flood on one tunnel does not starve the others.
                for _ in 0..<64 {
                    guard let datagram = sockets.receive(from: target, into: &buffer) else { break }
                    guard let echo = ICMPEcho(reply: datagram, target.addresses.local.family) else { continue }
                    let receivedAt = MonotonicTime.now
                    state.withLock { $0.ledgers[target]?.accept(echo, from: target.addresses.remote, now: receivedAt) }
                }
            }
            let later = MonotonicTime.now
            for ledger in state.withLock({ Array($0.ledgers.values) }) { sockets.renewIfSilent(ledger, now: later) }
        }
    }

    /// The targets, the requests due now, and when the next is due; nil when it is time to end.
    private func plan(
        _ now: MonotonicTime
    ) -> (targets: Set<ProbeTarget>, due: [(ProbeTarget, Probe)], next: MonotonicTime?)? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            var due: [(ProbeTarget, Probe)] = []
            for target in state.ledgers.keys {
                guard let dueAt = state.ledgers[target]?.dueAt, dueAt <= now else { continue }
                while let probe = state.ledgers[target]?.next(
                    nonce: .random(in: 0...UInt64.max), interval: interval, now: now)
                {
                    due.append((target, probe))
                }
            }
            return (Set(state.ledgers.keys), due, state.ledgers.values.map(\.dueAt).min())
        }
    }
}
