import CWarrenSystem
import ESP
import Glibc
import Synchronization
import TunnelCore
import WarrenModel

/// The packet path: threads that move packets between TUN queues and the sockets that all links share, each with SAs of its own
/// and nothing in common with the others. Most have one.
///
/// Every method may be called from any thread. A command is queued and takes effect in order, before the packets that
/// arrive after it; a repeat is harmless. Nothing is ever sent in the clear: a packet without an SA is dropped.
public final class PacketWorker: Sendable {
    /// What the packet path tells the control side.
    public enum Event: Sendable, Equatable {
        /// A datagram of IKE from port 4500, without its non-ESP marker (RFC 3948, 2.2).
        case ikeDatagram(local: Endpoint, remote: Endpoint, bytes: [UInt8])
        /// A packet for this peer was dropped because no outbound SA stands. At most once a second for each peer.
        case acquire(peer: SiteName)
        /// An SA reached a soft limit of its lifetime; once for each SA.
        case softLimit(peer: SiteName, spi: SPI, direction: SecurityPolicy.Direction)
        /// An SA reached a hard limit and passes nothing any more; once for each SA.
        case hardLimit(peer: SiteName, spi: SPI, direction: SecurityPolicy.Direction)
        /// The first packet of an inbound SA was authenticated: the peer uses it.
        case firstInbound(peer: SiteName, spi: SPI)
        /// Authenticated packets of an inbound SA now come from elsewhere (a NAT moved); see `redirect`.
        case remoteMoved(peer: SiteName, spi: SPI, remote: Endpoint)
        /// A packet with an SPI that nobody has: this end or that one has restarted (RFC 7296, 1.5). Not authentic; at most
        /// once a second for each address.
        case strayPacket(spi: SPI, local: Endpoint, remote: Endpoint)
        /// The path to a peer takes datagrams of so many bytes only, IP header included.
        case pathLimited(peer: SiteName, bytes: Int)
        /// What this queue sends to the peer arrives, and it carries flows; or it does not, and the first queue carries them.
        case queuePath(peer: SiteName, queue: Int, isOpen: Bool)
        /// The TUN device behind an interface is gone; the interface is detached.
        case tunnelLost(interface: String)
    }

    public struct SystemCallError: Error, Equatable, CustomStringConvertible {
        public let call: String
        public let errno: Int32
        public var description: String { "\(call): \(String(cString: strerror(errno)))" }
    }

    /// Attach with `fd == -1` names an interface that is not attached.
    public struct NotAttached: Error, Equatable { public let interface: String }

    /// Becomes readable (an eventfd, non-blocking) when `takeEvents` has something to give. Owned by the worker.
    public var eventDescriptor: Int32 { events.descriptor }

    /// One thread, and what it is told.
    private struct Queue {
        let commands: CommandQueue
        /// Touched by its thread alone while that runs, else under `phase`'s lock.
        let engine: PacketEngine<PacketCipher>
    }

    private let sockets: PacketSockets
    private let queues: [Queue]
    private let events: EventQueue
    private let phase = Mutex(Phase())

    private struct Phase {
        var threads: [pthread_t] = []
        var interfaces: Set<String> = []
    }

    /// Takes the sockets, which stay the caller's to close after `stop`. Options for packet information, GRO and TOS are set
    /// here; all become non-blocking.
    public convenience init(_ sockets: PacketSockets, library: CipherLibrary = .auto) throws {
        try self.init([sockets], library: library)
    }

    /// The same with a queue, and a thread, for each of the sockets, at least one: what comes for an inbound SA must come by those
    /// of its queue.
    public init(_ sockets: [PacketSockets], library: CipherLibrary = .auto) throws {
        guard let first = sockets.first else { throw SystemCallError(call: "socket", errno: EBADF) }
        self.sockets = first
        let events = try EventQueue()
        self.events = events
        queues = try sockets.enumerated().map { index, sockets in
            let commands = try CommandQueue()
            let engine = try PacketEngine<PacketCipher>(
                sockets, queue: index, commands: commands, events: events, library: library)
            return Queue(commands: commands, engine: engine)
        }
    }

    deinit {
        stop()
        // Descriptors that nobody took yet are closed with the engines.
        for queue in queues { queue.engine.obeyCommands() }
    }

    /// Starts the threads; does nothing when they run.
    public func start() throws {
        do {
            try phase.withLock { phase in
                guard phase.threads.isEmpty else { return }
                for queue in queues { phase.threads.append(try spawnThread { [engine = queue.engine] in engine.run() }) }
            }
        } catch {
            stop()
            throw error
        }
    }

    /// Ends the threads and waits for them. Tunnels stay attached, SAs installed: they end with the worker itself.
    public func stop() {
        phase.withLock { phase in
            for (queue, thread) in zip(queues, phase.threads) {
                queue.commands.append(.stop)
                pthread_join(thread, nil)
            }
            phase.threads = []
        }
    }

    /// In the place of the threads, for programs that count what a packet costs: obeys what was asked for, moves the packets
    /// that are ready, and returns. Does nothing while the threads run.
    package func moveWhatIsReady() {
        phase.withLock { phase in
            if phase.threads.isEmpty { for queue in queues { queue.engine.turn(waiting: 0) } }
        }
    }

    /// Takes over `descriptor`, a queue of a TUN device opened with IFF_NO_PI and IFF_VNET_HDR, also when this throws.
    /// With -1, or for an interface that is attached, the settings are replaced; a new descriptor replaces the old.
    public func attach(_ tunnel: GIFTunnel, descriptor: Int32 = -1) throws {
        try attach(tunnel, descriptors: descriptor >= 0 ? [descriptor] : [])
    }

    /// The same with several queues of the device, one for each thread, of which all but the first give packets only while their
    /// thread has an SA that protects them. With fewer, the threads that have none share the first to write to.
    public func attach(_ tunnel: GIFTunnel, descriptors: [Int32]) throws {
        var takesDatagrams = true
        for descriptor in descriptors {
            let outcome = warren_tun_configure(descriptor)
            guard outcome >= 0 else {
                let error = SystemCallError(call: "TUNSETOFFLOAD", errno: errno)
                for descriptor in descriptors { close(descriptor) }
                throw error
            }
            if outcome == 0 { takesDatagrams = false }
        }
        try attach(tunnel, queues: descriptors, takesDatagrams: takesDatagrams)
    }

    /// The same for any descriptor that gives and takes a virtio header and a packet at a time, and does not block.
    package func attach(_ tunnel: GIFTunnel, queue descriptor: Int32, takesDatagrams: Bool = true) throws {
        try attach(tunnel, queues: descriptor >= 0 ? [descriptor] : [], takesDatagrams: takesDatagrams)
    }

    private func attach(_ tunnel: GIFTunnel, queues descriptors: [Int32], takesDatagrams: Bool) throws {
        try phase.withLock { phase in
            guard !descriptors.isEmpty || phase.interfaces.contains(tunnel.interface) else {
                throw NotAttached(interface: tunnel.interface)
            }
            for descriptor in descriptors.dropFirst(queues.count) { close(descriptor) }
            var ends: [(descriptor: Int32, isSource: Bool)] = descriptors.prefix(queues.count).map { ($0, true) }
            while ends.count < queues.count { ends.append((try Self.share(ends), false)) }
            phase.interfaces.insert(tunnel.interface)
            for (queue, end) in zip(queues, ends) {
                queue.commands.append(
                    .attach(tunnel, end.descriptor, takesDatagrams: takesDatagrams, isSource: end.isSource))
            }
        }
    }

    /// Another number for the first descriptor; -1 when there is none. Closes all when the process may have no more.
    private static func share(_ ends: [(descriptor: Int32, isSource: Bool)]) throws -> Int32 {
        guard let first = ends.first, first.descriptor >= 0 else { return -1 }
        let shared = fcntl(first.descriptor, F_DUPFD_CLOEXEC, 0)
        guard shared < 0 else { return shared }
        let error = SystemCallError(call: "F_DUPFD_CLOEXEC", errno: errno)
        for end in ends { close(end.descriptor) }
        throw error
    }

    /// Closes the interface's descriptors; the device itself stays.
    public func detach(interface: String) {
        phase.withLock { phase in
            phase.interfaces.remove(interface)
            tellAll(.detach(interface))
        }
    }

    /// Each command is obeyed by every thread, or by that of the SA's queue.
    private func tellAll(_ command: PacketCommand) {
        for queue in queues { queue.commands.append(command) }
    }

    private func commands(for association: SecurityAssociation) -> CommandQueue {
        queues[queues.indices.contains(association.queue) ? association.queue : 0].commands
    }

    /// Adds after those that stand; an equal policy is not added twice.
    public func addPolicy(_ policy: SecurityPolicy) { tellAll(.addPolicy(policy)) }
    public func removePolicy(_ policy: SecurityPolicy) { tellAll(.removePolicy(policy)) }

    /// Installs an inbound SA; one with the key of an SA that stands or stood is ignored. `securityAssociation.local` and `.remote` are where its datagrams go to and come from.
    public func addInbound(_ securityAssociation: SecurityAssociation, limits: SALimits = .init()) {
        commands(for: securityAssociation).append(.addInbound(securityAssociation, limits))
    }

    /// Installs an outbound SA, which becomes the one its peer's packets use. One with the key of an SA that stands or stood
    /// is ignored: its counter would start again (RFC 4106, 3.1).
    public func addOutbound(_ securityAssociation: SecurityAssociation, limits: SALimits = .init()) {
        commands(for: securityAssociation).append(.addOutbound(securityAssociation, limits))
    }

    /// Removes one SA; when it was a peer's current outbound one, the newest of the rest takes its place.
    public func remove(peer: SiteName, spi: SPI, direction: SecurityPolicy.Direction) {
        tellAll(.remove(peer, spi, direction))
    }

    /// Removes every SA of a peer, and what `setModes` said of it.
    public func removeAll(peer: SiteName) { tellAll(.removeAll(peer)) }

    /// The modes that a peer's SAs may have, whatever mode the policies name; unset, a policy's own mode is asked for.
    public func setModes(_ modes: Set<IPsecMode>, peer: SiteName) { tellAll(.setModes(peer, modes)) }

    /// Sends what the peer's outbound SAs to this address carry to another port of it from now on.
    public func redirect(peer: SiteName, to remote: Endpoint) { tellAll(.redirect(peer, remote)) }

    /// Sends an IKE message from port 4500 behind a non-ESP marker, from the caller's thread; `source` is the address
    /// to send from; nil: the kernel chooses it. Throws what the socket says.
    public func sendIKE(_ message: [UInt8], source: IPAddress?, remote: Endpoint) throws {
        try sendDatagram([0, 0, 0, 0] + message, source: source, remote: remote)
    }

    /// Sends a NAT keepalive: one byte 0xFF (RFC 3948, 2.3).
    public func sendKeepalive(source: IPAddress?, remote: Endpoint) throws {
        try sendDatagram([0xff], source: source, remote: remote)
    }

    /// Everything that waits, oldest first; clears `eventDescriptor`.
    public func takeEvents() -> [Event] {
        let taken = events.take()
        for case .tunnelLost(let interface) in taken { _ = phase.withLock { $0.interfaces.remove(interface) } }
        return taken
    }

    /// What stands and what was counted, after all commands so far.
    public func snapshot() -> Snapshot {
        let replies: [SnapshotReply]? = phase.withLock { phase in
            guard !phase.threads.isEmpty, let replies = try? queues.map({ _ in try SnapshotReply() }) else { return nil }
            for (queue, reply) in zip(queues, replies) { queue.commands.append(.snapshot(reply)) }
            return replies
        }
        if let replies { return Snapshot(of: replies.map { $0.wait() }) }
        return phase.withLock { _ in
            Snapshot(
                of: queues.map { queue in
                    queue.engine.obeyCommands()
                    return queue.engine.snapshot()
                })
        }
    }

    private func sendDatagram(_ bytes: [UInt8], source: IPAddress?, remote: Endpoint) throws {
        guard let socket = remote.address.family == .ipv4 ? sockets.udp4 : sockets.udp6 else {
            throw SystemCallError(call: "sendmsg", errno: EAFNOSUPPORT)
        }
        var route = SocketRoute(local: source, remote: remote)
        let sent = bytes.withUnsafeBytes { warren_route_send(socket, $0.baseAddress, $0.count, &route.raw) }
        guard sent >= 0 else { throw SystemCallError(call: "sendmsg", errno: errno) }
    }
}
