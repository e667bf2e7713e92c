import CWarrenSystem
import ESP
import Glibc
import Synchronization
import TunnelCore
import WarrenModel

/// The packet path: one thread that moves packets between TUN queues and the sockets that all links share.
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

    private let sockets: PacketSockets
    private let commands: CommandQueue
    private let events: EventQueue
    /// Touched by the packet thread alone while it runs, else under `phase`'s lock.
    private let engine: PacketEngine<PacketCipher>
    private let phase = Mutex(Phase())

    private struct Phase {
        var thread: pthread_t?
        var interfaces: Set<String> = []
    }

    /// Takes the sockets, which stay the caller's to close after `stop`. Options for packet information, GRO and TOS are set
    /// here; all become non-blocking.
    public init(_ sockets: PacketSockets, library: CipherLibrary = .auto) throws {
        self.sockets = sockets
        commands = try CommandQueue()
        events = try EventQueue()
        engine = try PacketEngine(sockets, commands: commands, events: events, library: library)
    }

    deinit {
        stop()
        // Descriptors that nobody took yet are closed with the engine.
        engine.obeyCommands()
    }

    /// Starts the thread; does nothing when it runs.
    public func start() throws {
        try phase.withLock { phase in
            guard phase.thread == nil else { return }
            phase.thread = try spawnThread { [engine] in engine.run() }
        }
    }

    /// Ends the thread and waits for it. Tunnels stay attached, SAs installed: they end with the worker itself.
    public func stop() {
        phase.withLock { phase in
            guard let thread = phase.thread else { return }
            commands.append(.stop)
            pthread_join(thread, nil)
            phase.thread = nil
        }
    }

    /// In the place of the thread, for programs that count what a packet costs: obeys what was asked for, moves the packets
    /// that are ready, and returns. Does nothing while the thread runs.
    package func moveWhatIsReady() {
        phase.withLock { phase in
            if phase.thread == nil { engine.turn(waiting: 0) }
        }
    }

    /// Takes over `descriptor`, a queue of a TUN device opened with IFF_NO_PI and IFF_VNET_HDR, also when this throws.
    /// With -1, or for an interface that is attached, the settings are replaced; a new descriptor replaces the old.
    public func attach(_ tunnel: GIFTunnel, descriptor: Int32 = -1) throws {
        var takesDatagrams = false
        if descriptor >= 0 {
            let outcome = warren_tun_configure(descriptor)
            guard outcome >= 0 else {
                let error = SystemCallError(call: "TUNSETOFFLOAD", errno: errno)
                close(descriptor)
                throw error
            }
            takesDatagrams = outcome > 0
        }
        try attach(tunnel, queue: descriptor, takesDatagrams: takesDatagrams)
    }

    /// The same for any descriptor that gives and takes a virtio header and a packet at a time, and does not block.
    package func attach(_ tunnel: GIFTunnel, queue descriptor: Int32, takesDatagrams: Bool = true) throws {
        try phase.withLock { phase in
            guard descriptor >= 0 || phase.interfaces.contains(tunnel.interface) else {
                throw NotAttached(interface: tunnel.interface)
            }
            phase.interfaces.insert(tunnel.interface)
            commands.append(.attach(tunnel, descriptor, takesDatagrams: takesDatagrams))
        }
    }

    /// Closes the interface's descriptor; the device itself stays.
    public func detach(interface: String) {
        phase.withLock { phase in
            phase.interfaces.remove(interface)
            commands.append(.detach(interface))
        }
    }

    /// Adds after those that stand; an equal policy is not added twice.
    public func addPolicy(_ policy: SecurityPolicy) { commands.append(.addPolicy(policy)) }
    public func removePolicy(_ policy: SecurityPolicy) { commands.append(.removePolicy(policy)) }

    /// Installs an inbound SA; one with the key of an SA that stands or stood is ignored. `securityAssociation.local` and `.remote` are where its datagrams go to and come from.
    public func addInbound(_ securityAssociation: SecurityAssociation, limits: SALimits = .init()) {
        commands.append(.addInbound(securityAssociation, limits))
    }

    /// Installs an outbound SA, which becomes the one its peer's packets use. One with the key of an SA that stands or stood
    /// is ignored: its counter would start again (RFC 4106, 3.1).
    public func addOutbound(_ securityAssociation: SecurityAssociation, limits: SALimits = .init()) {
        commands.append(.addOutbound(securityAssociation, limits))
    }

    /// Removes one SA; when it was a peer's current outbound one, the newest of the rest takes its place.
    public func remove(peer: SiteName, spi: SPI, direction: SecurityPolicy.Direction) {
        commands.append(.remove(peer, spi, direction))
    }

    /// Removes every SA of a peer, and what `setModes` said of it.
    public func removeAll(peer: SiteName) { commands.append(.removeAll(peer)) }

    /// The modes that a peer's SAs may have, whatever mode the policies name; unset, a policy's own mode is asked for.
    public func setModes(_ modes: Set<IPsecMode>, peer: SiteName) { commands.append(.setModes(peer, modes)) }

    /// Sends what the peer's outbound SAs to this address carry to another port of it from now on.
    public func redirect(peer: SiteName, to remote: Endpoint) { commands.append(.redirect(peer, remote)) }

    /// Sends an IKE message from port 4500 behind a non-ESP marker, from the caller's thread; `local` picks the source
    /// address. Throws what the socket says.
    public func sendIKE(_ message: [UInt8], local: Endpoint, remote: Endpoint) throws {
        try sendDatagram([0, 0, 0, 0] + message, local: local, remote: remote)
    }

    /// Sends a NAT keepalive: one byte 0xFF (RFC 3948, 2.3).
    public func sendKeepalive(local: Endpoint, remote: Endpoint) throws {
        try sendDatagram([0xff], local: local, remote: remote)
    }

    /// Everything that waits, oldest first; clears `eventDescriptor`.
    public func takeEvents() -> [Event] {
        let taken = events.take()
        for case .tunnelLost(let interface) in taken { _ = phase.withLock { $0.interfaces.remove(interface) } }
        return taken
    }

    /// What stands and what was counted, after all commands so far.
    public func snapshot() -> Snapshot {
        let reply: SnapshotReply? = phase.withLock { phase in
            guard phase.thread != nil, let reply = try? SnapshotReply() else { return nil }
            commands.append(.snapshot(reply))
            return reply
        }
        if let reply { return reply.wait() }
        return phase.withLock { _ in
            engine.obeyCommands()
            return engine.snapshot()
        }
    }

    private func sendDatagram(_ bytes: [UInt8], local: Endpoint, remote: Endpoint) throws {
        guard let socket = remote.address.family == .ipv4 ? sockets.udp4 : sockets.udp6 else {
            throw SystemCallError(call: "sendmsg", errno: EAFNOSUPPORT)
        }
        var route = SocketRoute(local: local.address, remote: remote)
        let sent = bytes.withUnsafeBytes { warren_route_send(socket, $0.baseAddress, $0.count, &route.raw) }
        guard sent >= 0 else { throw SystemCallError(call: "sendmsg", errno: errno) }
    }
}

extension PacketWorker {
    /// One reading of the packet path's state.
    public struct Snapshot: Sendable, Equatable {
        /// `isUp` is true while the peer has an outbound SA. Bytes are those of inner packets.
        public var tunnels: [TunnelReport] = []
        public var associations: [AssociationCounters] = []
        public var policies: [SecurityPolicy] = []
        /// Packets dropped since the start, by reason; reasons that never happened are absent.
        public var drops: [DropReason: UInt64] = [:]
    }
}
