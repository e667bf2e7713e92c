import Glibc
import WarrenModel

/// The sockets of the prober's thread, opened when first needed and again after their interface was replaced.
struct EchoSockets: ~Copyable {
    /// Holds one socket in a dictionary, which takes no owner that cannot be copied.
    private final class Holder {
        let socket: EchoSocket
        init(_ socket: consuming EchoSocket) { self.socket = socket }
    }

    private var holders: [ProbeTarget: Holder] = [:]

    mutating func keep(only targets: Set<ProbeTarget>) {
        guard holders.keys.contains(where: { !targets.contains($0) }) else { return }
        holders = holders.filter { targets.contains($0.key) }
    }

    mutating func send(_ probe: Probe, to target: ProbeTarget, now: MonotonicTime) {
        if holders[target] == nil,
            let socket = EchoSocket.open(target.addresses, interface: target.interface, now: now)
        {
            holders[target] = Holder(socket)
        }
        guard let holder = holders[target] else { return }
        if !holder.socket.send(probe.echo.request(holder.socket.family, packetSize: probe.packetSize)) { holders[target] = nil }
    }

    /// Waits for datagrams at most so long, and says whose.
    func wait(milliseconds: Int32, wake: Int32) -> [ProbeTarget] {
        let targets = Array(holders.keys)
        var descriptors = targets.map { pollfd(fd: holders[$0]?.socket.descriptor ?? -1, events: Int16(POLLIN), revents: 0) }
        descriptors.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0))
        guard poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0 else { return [] }
        if descriptors.last.map({ $0.revents != 0 }) ?? false {
            var drain = [UInt8](repeating: 0, count: 64)
            while read(wake, &drain, drain.count) > 0 {}
        }
        return zip(targets, descriptors).filter { $0.1.revents != 0 }.map(\.0)
    }

    func receive(from target: ProbeTarget, into buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        holders[target]?.socket.receive(into: &buffer)
    }

    /// An interface that was made anew has another number than the one the socket is bound to.
    mutating func renewIfSilent(_ ledger: ProbeLedger, now: MonotonicTime) {
        guard let holder = holders[ledger.target], ledger.isSilent(since: holder.socket.openedAt, now: now) else { return }
        holders[ledger.target] = nil
    }
}
