import CWarrenSystem
import ESP
import Glibc
import WarrenModel

/// Everything of the packet path, run to completion by one thread: `run` waits for descriptors and moves batches.
///
/// Not thread-safe, and unchecked only so that it can be handed to its thread: `PacketWorker` keeps it to one at a time.
final class PacketEngine<Cipher: AEAD>: @unchecked Sendable {
    static var receiveCount: Int { 8 }
    static var receiveSize: Int { 1 << 16 }
    /// Of ESP without UDP the kernel joins nothing: more slots of the same room. No interface's packets are larger but those of
    /// this machine to itself.
    static var plainReceiveCount: Int { 32 }
    static var plainReceiveSize: Int { receiveCount * receiveSize / plainReceiveCount }
    /// What is taken from one TUN queue before it is sent and the others have their turn: as many small packets as make one
    /// message, or a fourth as many super-packets.
    static var drainLimit: Int { 64 }
    /// Batches taken from one socket before the others have their turn.
    static var receiveLimit: Int { 4 }
    static var readyCapacity: Int32 { 64 }
    /// As many tunnels are waited for like the sockets, with one system call less. The rest may be thousands.
    static var nearTunnels: Int { 8 }
    /// The largest packet that counts as small.
    static var smallPacket: Int { 2048 }
    /// Before a packet, in the memory that it is sealed from: room for an encapsulating header.
    static var headroom: Int { 64 }
    /// For one packet, with its headroom, and for what is used for a moment behind it.
    static var packetRoom: Int { headroom + receiveSize + 4032 }

    /// Which of its gateway's engines it is.
    let queue: Int
    let commands: CommandQueue
    let library: CipherLibrary
    let events: EventQueue
    let drops = DropCounters()
    let transmit: TransmitQueue
    let coalescer: Coalescer
    let reassembly = Reassembly()
    private let sockets: [PacketSockets.Entry]
    /// What is waited for: the command queue, `poller`, the sockets, then the near tunnels, by their slots. Sockets are not in
    /// `poller`: the kernel would wake it for every datagram that has left, to say that there is room for more.
    private let waits: UnsafeMutablePointer<pollfd>
    private let socketWaits: UnsafeMutablePointer<pollfd>
    private let tunnelWaits: UnsafeMutablePointer<pollfd>
    /// Of the tunnels that are not near.
    private let poller: Int32
    private let ready: UnsafeMutablePointer<epoll_event>
    private let receiveSlab: UnsafeMutableRawPointer
    private let receiveBatch: OpaquePointer
    private let plainReceiveBatch: OpaquePointer
    private let packetSlab: UnsafeMutableRawPointer

    var policies = SecurityPolicyDatabase()
    var inbound = SecurityAssociationDatabase<InboundEntry>()
    var peers: [SiteName: PeerEntry] = [:]
    var tunnels: [String: TunnelEntry] = [:]
    var spentKeys = SpentKeys()
    /// What `decide` has to look up again.
    var stale = Stale()
    /// Where tunnels lead and SAs come from.
    var peerAddresses: Set<IPAddress> = []
    /// By the number that a tunnel's descriptor is waited for under, the near ones first; `tunnels` holds them.
    var tunnelSlots: [Unmanaged<TunnelEntry>?] = []
    /// CLOCK_MONOTONIC at the last wake-up.
    var now = MonotonicTime(nanoseconds: 0)
    /// `probeQueues` has nothing to do before; never in the first queue.
    var nextProbe: MonotonicTime?
    var strayLimit = StrayLimit()
    var answerLimit = AnswerLimit()
    private var isStopping = false

    init(
        _ sockets: PacketSockets, queue: Int = 0, commands: CommandQueue, events: EventQueue, library: CipherLibrary = .auto
    ) throws {
        self.queue = queue
        self.commands = commands
        self.library = library
        self.events = events
        self.sockets = sockets.entries
        transmit = try TransmitQueue(sockets, drops: drops)
        coalescer = Coalescer(drops: drops)
        poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        ready = .allocate(capacity: Int(Self.readyCapacity))
        ready.initialize(repeating: epoll_event(), count: Int(Self.readyCapacity))
        receiveSlab = .allocate(byteCount: Self.receiveCount * Self.receiveSize, alignment: 4096)
        let descriptors = [commands.descriptor, poller] + sockets.entries.map(\.descriptor)
        waits = .allocate(capacity: descriptors.count + Self.nearTunnels)
        socketWaits = waits + 2
        tunnelWaits = waits + descriptors.count
        for (index, descriptor) in (descriptors + Array(repeating: -1, count: Self.nearTunnels)).enumerated() {
            (waits + index).initialize(to: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        packetSlab = .allocate(byteCount: 3 * Self.packetRoom, alignment: 4096)
        guard poller >= 0,
            let batch = warren_receive_batch_new(UInt32(Self.receiveCount), receiveSlab, Self.receiveSize),
            let plainBatch = warren_receive_batch_new(
                UInt32(Self.plainReceiveCount), receiveSlab, Self.plainReceiveSize)
        else { throw PacketWorker.SystemCallError(call: "epoll_create1", errno: errno) }
        receiveBatch = batch
        plainReceiveBatch = plainBatch
        for socket in self.sockets where warren_packet_socket_configure(socket.descriptor, socket.family) != 0 {
            throw PacketWorker.SystemCallError(call: "setsockopt", errno: errno)
        }
    }

    deinit {
        for tunnel in tunnels.values { close(tunnel.sink.descriptor) }
        warren_receive_batch_free(receiveBatch)
        warren_receive_batch_free(plainReceiveBatch)
        receiveSlab.deallocate()
        packetSlab.deallocate()
        ready.deallocate()
        waits.deallocate()
        close(poller)
    }

    func run() {
        isStopping = false
        while !isStopping { turn(waiting: patience) }
    }

    /// Milliseconds to `nextProbe`, -1 for no end.
    private var patience: Int32 {
        guard let nextProbe else { return -1 }
        return nextProbe > now ? Int32(clamping: (nextProbe.nanoseconds - now.nanoseconds) / 1_000_000 + 1) : 0
    }

    /// Waits for descriptors, for so many milliseconds or, with -1, for as long as it takes, and serves those that are ready.
    @inline(never)
    func turn(waiting milliseconds: Int32) {
        let near = min(tunnelSlots.count, Self.nearTunnels)
        let count = Glibc.poll(waits, nfds_t(2 &+ sockets.count &+ near), milliseconds)
        readClock()
        if let nextProbe, now >= nextProbe { probeQueues() }
        guard count > 0 else { return }
        if waits[0].revents != 0 { obeyCommands() }
        var index = 0
        while index < near {
            if tunnelWaits[index].revents != 0 { drainTunnel(index) }
            index &+= 1
        }
        if waits[1].revents != 0 { drainFarTunnels() }
        index = 0
        while index < sockets.count {
            let told = Int32(socketWaits[index].revents)
            if told & POLLERR != 0 { takePathErrors(sockets[index].descriptor) }
            if told != 0 { drain(sockets[index]) }
            index &+= 1
        }
    }

    private func drainFarTunnels() {
        let count = Int(epoll_wait(poller, ready, Self.readyCapacity, 0))
        var index = 0
        while index < count {
            drainTunnel(Int(ready[index].data.u64))
            index &+= 1
        }
    }

    func requestStop() { isStopping = true }

    func readClock() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        now = MonotonicTime(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    private func drain(_ socket: PacketSockets.Entry) {
        if socket.isUDP {
            drain(socket.descriptor, by: receiveBatch, Self.receiveCount, Self.receiveSize) { receive($0, &$1) }
        } else {
            drain(socket.descriptor, by: plainReceiveBatch, Self.plainReceiveCount, Self.plainReceiveSize) {
                receivePlain($0, &$1)
            }
        }
    }

    /// Takes what waits in a socket, a bounded number of batches.
    @inline(__always)
    private func drain(
        _ socket: Int32, by batch: OpaquePointer, _ slots: Int, _ size: Int,
        _ take: (UnsafeMutableRawPointer, inout warren_origin) -> Void
    ) {
        var batches = 0, origin = warren_origin()
        while batches < Self.receiveLimit {
            let count = Int(warren_receive_batch_fill(batch, socket))
            guard count > 0 else { return }
            var index = 0
            while index < count {
                if warren_receive_batch_origin(batch, UInt32(truncatingIfNeeded: index), &origin) == 0, origin.truncated == 0 {
                    take(receiveSlab + index &* size, &origin)
                } else {
                    drops.count(.truncated)
                }
                index &+= 1
            }
            coalescer.flush()
            if count < slots { return }
            batches &+= 1
        }
    }

    private func drainTunnel(_ slot: Int) {
        guard slot < tunnelSlots.count, let tunnel = tunnelSlots[slot] else { return }
        tunnel._withUnsafeGuaranteedRef { drain($0) }
        transmit.flush()
    }

    @inline(__always)
    private func drain(_ tunnel: TunnelEntry) {
        var weight = 0, packets = 0
        while weight < Self.drainLimit {
            let count = read(tunnel.sink.descriptor, readBuffer, OutboundPacket.virtioLength + Self.receiveSize)
            if count < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { lose(tunnel) }
                break
            }
            send(readBuffer, count: count, from: tunnel)
            let isSmall = count <= Self.smallPacket
            weight &+= isSmall ? 1 : 4
            packets &+= 1
            // Where packets come singly, none waits until it is known that there is no other.
            if packets == 1, isSmall, tunnel.cameAlone { transmit.flush() }
        }
        tunnel.cameAlone = packets == 1
    }

    /// Where the virtio header of what a TUN queue gives is put; the packet follows.
    @inline(__always)
    var readBuffer: UnsafeMutableRawPointer { packetBuffer(0) }
    /// The same for packets that are made here, of others' parts: pieces, and what is cut from those.
    var pieceBuffer: UnsafeMutableRawPointer { packetBuffer(1) }
    var fragmentBuffer: UnsafeMutableRawPointer { packetBuffer(2) }

    @inline(__always)
    private func packetBuffer(_ index: Int) -> UnsafeMutableRawPointer {
        packetSlab + (index &* Self.packetRoom &+ Self.headroom &- OutboundPacket.virtioLength)
    }

    private func lose(_ tunnel: TunnelEntry) {
        // Each engine sees it; one tells.
        if queue == 0 { events.append(.tunnelLost(interface: tunnel.settings.interface)) }
        detach(tunnel.settings.interface)
    }

    /// Waits for a tunnel's descriptor, under a slot of its own.
    func poll(_ tunnel: TunnelEntry) throws {
        let slot = tunnelSlots.firstIndex { $0 == nil } ?? tunnelSlots.count
        if slot < Self.nearTunnels {
            // Of what stood there before, nothing counts.
            tunnelWaits[slot] = pollfd(fd: tunnel.sink.descriptor, events: Int16(POLLIN), revents: 0)
        } else {
            var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64(slot)))
            guard epoll_ctl(poller, EPOLL_CTL_ADD, tunnel.sink.descriptor, &event) == 0 else {
                throw PacketWorker.SystemCallError(call: "epoll_ctl", errno: errno)
            }
        }
        if slot == tunnelSlots.count { tunnelSlots.append(nil) }
        tunnelSlots[slot] = .passUnretained(tunnel)
    }

    /// Waits for it no longer, and closes its descriptor.
    func unpoll(_ tunnel: TunnelEntry) {
        let lost = Unmanaged.passUnretained(tunnel).toOpaque()
        for slot in tunnelSlots.indices where tunnelSlots[slot]?.toOpaque() == lost {
            tunnelSlots[slot] = nil
            if slot < Self.nearTunnels {
                tunnelWaits[slot] = pollfd(fd: -1, events: 0, revents: 0)
            } else {
                epoll_ctl(poller, EPOLL_CTL_DEL, tunnel.sink.descriptor, nil)
            }
        }
        close(tunnel.sink.descriptor)
    }
}
