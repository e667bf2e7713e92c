import CWarrenSystem
import ESP
import Glibc
import Tunnel
import WarrenModel

/// Two packet workers on the loopback interface, joined by tunnels whose queues are socket pairs, with SAs put in by hand.
final class MeasuredLink {
    private struct Side {
        let socket: Int32
        let worker: PacketWorker
        /// The kernel's ends of the queues.
        var queues: [Int32] = []
    }

    private let near: Side
    private let far: Side
    private let buffer = UnsafeMutableRawPointer.allocate(byteCount: 1 << 17, alignment: 64)

    init(tunnels: Int, library: CipherLibrary) throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        guard limit.rlim_max > 4 * tunnels + 64, setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw CostError("\(tunnels) tunnels take four files each, and \(limit.rlim_max) may be open")
        }
        var (near, far) = (try Self.side(library), try Self.side(library))
        let ports = (try Self.port(of: near.socket), try Self.port(of: far.socket))
        for index in 0..<tunnels {
            let here = Endpoint(address: IPAddress(v4: 0x7f00_0001), port: ports.0)
            let there = Endpoint(address: IPAddress(v4: 0x7f10_0001 + UInt32(index)), port: ports.1)
            near.queues.append(try Self.install(near.worker, index, local: here, remote: there, isNear: true))
            far.queues.append(try Self.install(far.worker, index, local: there, remote: here, isNear: false))
        }
        self.near = near
        self.far = far
        near.worker.moveWhatIsReady()
        far.worker.moveWhatIsReady()
    }

    deinit {
        buffer.deallocate()
        for side in [near, far] {
            side.queues.forEach { _ = close($0) }
            close(side.socket)
        }
    }

    /// One load into a tunnel, and out of it at the other end.
    func carry(_ load: Load, tunnel: Int, arriving: Bool) throws {
        for packet in load.packets {
            let written = packet.withUnsafeBytes { write(near.queues[tunnel], $0.baseAddress, $0.count) }
            guard written == packet.count else { throw CostError("a packet did not fit into its queue: errno \(errno)") }
        }
        near.worker.moveWhatIsReady()
        guard arriving else { return }
        far.worker.moveWhatIsReady()
        while read(far.queues[tunnel], buffer, 1 << 17) > 0 {}
    }

    /// Whether everything went where it should; otherwise the costs are of something else.
    func check(packets: Int, arriving: Bool) throws {
        let sent = near.worker.snapshot(), received = far.worker.snapshot()
        let sentPackets = sent.tunnels.reduce(0) { $0 + $1.sentPackets }
        let receivedPackets = received.tunnels.reduce(0) { $0 + $1.receivedPackets }
        guard sentPackets == packets, !arriving || receivedPackets == packets, sent.drops.isEmpty, received.drops.isEmpty else {
            throw CostError(
                "\(packets) packets: \(sentPackets) sent, \(receivedPackets) received, \(sent.drops) \(received.drops)")
        }
    }

    private static func side(_ library: CipherLibrary) throws -> Side {
        let socket = warren_datagram_socket(AF_INET, 0)
        guard socket >= 0 else { throw CostError("socket: errno \(errno)") }
        return Side(socket: socket, worker: try PacketWorker(PacketSockets(udp4: socket), library: library))
    }

    private static func port(of socket: Int32) throws -> UInt16 {
        var address = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failure = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        guard failure == 0 else { throw CostError("getsockname: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// One end of one tunnel: its policies, its SAs, its queue. Returns the kernel's end of the queue.
    private static func install(
        _ worker: PacketWorker, _ index: Int, local: Endpoint, remote: Endpoint, isNear: Bool
    ) throws -> Int32 {
        guard let peer = SiteName("peer-\(index)") else { throw CostError("peer") }
        let outer = AddressPair(local: local.address, remote: remote.address)
        let selector = TrafficSelector(
            source: .init(host: local.address), destination: .init(host: remote.address), ipProtocol: .ipencap)
        worker.addPolicy(.init(peer: peer, direction: .outbound, selector: selector, mode: .tunnel))
        worker.addPolicy(.init(peer: peer, direction: .inbound, selector: selector.reversed, mode: .tunnel))
        func association(_ direction: SecurityPolicy.Direction) -> SecurityAssociation {
            // What leaves one end enters the other.
            let leavesNear = isNear == (direction == .outbound)
            return SecurityAssociation(
                peer: peer, direction: direction, spi: SPI(rawValue: UInt32(0x1000 + 2 * index + (leavesNear ? 1 : 0))),
                encryption: .aes256gcm16,
                keyingMaterial: SecretBytes(
                    [UInt8](repeating: leavesNear ? 1 : 2, count: 34) + [UInt8(index >> 8), UInt8(index & 255)]),
                extendedSequenceNumbers: true, mode: .tunnel, local: local, remote: remote,
                selectors: [direction == .outbound ? selector : selector.reversed])
        }
        worker.addInbound(association(.inbound))
        worker.addOutbound(association(.outbound))
        let (queue, end) = try queuePair()
        try worker.attach(
            GIFTunnel(
                peer: peer, interface: "gif\(index)", outer: outer,
                inner: .init(local: IPAddress(v4: 0x0a01_0001), remote: IPAddress(v4: 0x0a02_0001)), mtu: 1400, mode: .tunnel),
            queue: queue)
        return end
    }

    private static func queuePair() throws -> (Int32, Int32) {
        var pair: (Int32, Int32) = (-1, -1), size: Int32 = 4 << 20
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue)
        let failure = withUnsafeMutablePointer(to: &pair) {
            $0.withMemoryRebound(to: Int32.self, capacity: 2) { socketpair(AF_UNIX, kind, 0, $0) }
        }
        guard failure == 0 else { throw CostError("socketpair: errno \(errno)") }
        for end in [pair.0, pair.1] { setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &size, 4) }
        return pair
    }
}
