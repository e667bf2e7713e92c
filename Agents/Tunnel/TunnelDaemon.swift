import CWarrenSystem
import ESP
import IKEv2
import Logging
import TunnelControl
import TunnelCore
import WarrenModel

#if canImport(Glibc)
    import Glibc
#endif

/// The daemon's control thread: one loop that waits for the agent, for IKE, for the packet path and for timers, and passes
/// values between them. Whatever it knows belongs to this thread; packets are moved by `PacketWorker` on another.
final class TunnelDaemon {
    let sockets: DaemonSockets
    let listener: TunnelControlListener
    let terminations: OwnedDescriptor
    let worker: PacketWorker
    let logger: Logger

    var state: DaemonState
    var random = SystemRandomNumberGenerator()

    private var connections: [Int32: TunnelControlConnection] = [:]
    private var datagramBuffer = [UInt8](repeating: 0, count: 65_536)
    var isEnding = false
    /// The addresses that peers know this gateway by, and when it was last seen which of them are its own.
    var publicAddresses: Set<IPAddress> = []
    var addressesSeenAt = MonotonicTime(nanoseconds: 0)

    static let maximumConnections = 16
    /// Datagrams taken from one socket before the others get their turn.
    private static let datagramsPerTurn = 64

    init(
        sockets: DaemonSockets, listener: TunnelControlListener, terminations: Int32, ciphers: CipherLibrary, logger: Logger
    ) throws {
        self.sockets = sockets
        self.listener = listener
        self.terminations = OwnedDescriptor(terminations)
        self.logger = logger
        state = DaemonState(queues: sockets.packets.count)
        worker = try PacketWorker(sockets.packets, library: ciphers)
    }

    /// Serves until a signal or the agent ends it; then deletes every SA at its peer.
    func run(whenReady: () -> Void) throws {
        try worker.start()
        defer { worker.stop() }
        whenReady()
        while !isEnding {
            let ready = try waitForWork()
            if ready.contains(terminations.rawValue) { isEnding = true }
            if ready.contains(worker.eventDescriptor) { handleWorkerEvents() }
            for socket in [sockets.ike4, sockets.ike6] {
                if let socket, ready.contains(socket.rawValue) { receiveIKE(from: socket) }
            }
            runTimers()
            for connection in connections.values where ready.contains(connection.descriptor) { serve(connection) }
            if ready.contains(listener.descriptor) { acceptConnection() }
        }
        state.deleteAll(now: .now, random: &random)
        performOutputs()
    }

    /// The descriptors with something to do, after waiting for one or for the engine's next timer.
    private func waitForWork() throws -> Set<Int32> {
        var entries = [terminations.rawValue, worker.eventDescriptor, listener.descriptor, sockets.ike4.rawValue]
            .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        if let socket = sockets.ike6 { entries.append(pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)) }
        for connection in connections.values {
            let events = connection.hasOutput ? POLLOUT : POLLIN
            entries.append(pollfd(fd: connection.descriptor, events: Int16(events), revents: 0))
        }
        guard poll(&entries, nfds_t(entries.count), timeoutMilliseconds) >= 0 || errno == EINTR else {
            throw TunnelStartError.lastSystemError("poll")
        }
        return Set(entries.filter { $0.revents != 0 }.map(\.fd))
    }

    /// Rounded up, lest the loop spin until the timer is really due.
    private var timeoutMilliseconds: Int32 {
        // An address may come or go while nothing else happens.
        let longest: Int32 = 10_000
        guard let next = state.nextTimeout else { return publicAddresses.isEmpty ? -1 : longest }
        let now = MonotonicTime.now
        guard next > now else { return 0 }
        return min(Int32(clamping: (next.nanoseconds - now.nanoseconds) / 1_000_000 + 1), longest)
    }

    private func runTimers() {
        lookForNAT()
        state.runTimers(now: .now, random: &random) { worker.snapshot().associations }
        performOutputs()
    }

    private func receiveIKE(from socket: OwnedDescriptor) {
        for _ in 0..<Self.datagramsPerTurn {
            guard let datagram = sockets.receiveIKE(socket, into: &datagramBuffer) else { return }
            state.receive(datagram, now: .now, random: &random)
            performOutputs()
        }
    }

    private func acceptConnection() {
        do {
            guard let connection = try listener.accept() else { return }
            guard connections.count < Self.maximumConnections else {
                return logger.warning("refused a control connection: there are too many")
            }
            connections[connection.descriptor] = connection
        } catch {
            logger.warning("refused a control connection", metadata: ["reason": "\(error)"])
        }
    }

    private func serve(_ connection: TunnelControlConnection) {
        do {
            if connection.hasOutput { return try connection.flush() }
            for arrival in try connection.receive() { try connection.send(respond(to: arrival)) }
        } catch {
            connections[connection.descriptor] = nil
            if error != .closed { logger.warning("dropped a control connection", metadata: ["reason": "\(error)"]) }
        }
    }
}

extension MonotonicTime {
    /// CLOCK_MONOTONIC, which the packet path stamps its counters with, too.
    static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
