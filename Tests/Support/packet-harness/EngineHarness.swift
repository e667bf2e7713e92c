import CWarrenSystem
import ESP
import Glibc
import WarrenModel

@testable import Tunnel

/// The packet path without its thread: datagrams are handed to it, what it writes to its one tunnel is read back.
final class EngineHarness {
    static let here = IPAddress("127.0.0.1")!
    static let there = IPAddress("127.0.0.2")!
    static let peer = SiteName("beta")!

    let engine: PacketEngine<PacketCipher>
    let events: EventQueue
    let queue = FakeQueue()
    let socket: Int32
    /// The peer's end of the inbound SA.
    private let remote: OutboundAssociation<PacketCipher>
    private var last = DropCounters().snapshot

    init(
        mode: IPsecMode = .tunnel, selected: [IPProtocol] = [.ipencap, .ipv6], attaching: Bool = true, installing: Bool = true,
        queue number: Int = 0
    ) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        events = try EventQueue()
        engine = try PacketEngine(PacketSockets(udp4: socket), queue: number, commands: CommandQueue(), events: events)
        remote = try OutboundAssociation(Self.association(.inbound, mode: mode, selected: selected))
        if attaching { attach(mode: mode) }
        for ipProtocol in [IPProtocol.ipencap, .ipv6] {
            let out = TrafficSelector(
                source: .init(host: Self.here), destination: .init(host: Self.there), ipProtocol: ipProtocol)
            engine.commands.append(
                .addPolicy(.init(peer: Self.peer, direction: .outbound, selector: out, mode: mode)))
            engine.commands.append(
                .addPolicy(.init(peer: Self.peer, direction: .inbound, selector: out.reversed, mode: mode)))
        }
        if installing { obey(.addInbound(Self.association(.inbound, mode: mode, selected: selected), .init())) }
    }

    deinit { close(socket) }

    func attach(mode: IPsecMode, outer: AddressPair = .init(local: here, remote: there)) {
        let tunnel = GIFTunnel(
            peer: Self.peer, interface: "gif2", outer: outer,
            inner: .init(local: IPAddress("192.168.1.1")!, remote: IPAddress("192.168.2.1")!), mtu: 1400, mode: mode)
        obey(.attach(tunnel, dup(queue.near)))
    }

    func obey(_ command: PacketCommand) {
        engine.commands.append(command)
        engine.obeyCommands()
    }

    static func association(
        _ direction: SecurityPolicy.Direction, mode: IPsecMode = .tunnel, selected: [IPProtocol] = [.ipencap, .ipv6],
        isFromAnyPort: Bool = false
    ) -> SecurityAssociation {
        let (source, destination) = direction == .inbound ? (there, here) : (here, there)
        return SecurityAssociation(
            peer: peer, direction: direction, spi: SPI(rawValue: direction == .inbound ? 0x1001 : 0x2002),
            encryption: .aes256gcm16,
            keyingMaterial: SecretBytes([UInt8](repeating: direction == .inbound ? 1 : 2, count: 36)),
            extendedSequenceNumbers: true, mode: mode, local: Endpoint(address: here, port: 4500),
            remote: Endpoint(address: there, port: 4500),
            selectors: selected.map {
                .init(source: .init(host: source), destination: .init(host: destination), ipProtocol: $0)
            }, isFromAnyPort: isFromAnyPort)
    }

    /// What the peer would send around a payload.
    func seal(_ payload: [UInt8], nextHeader: UInt8 = 4) -> [UInt8] {
        var packet = [UInt8](repeating: 0, count: remote.layout.sealedLength(payload: payload.count))
        let start = remote.layout.payloadOffset
        packet.replaceSubrange(start..<start + payload.count, with: payload)
        let reason = packet.withUnsafeMutableBytes {
            remote.seal($0.baseAddress!, payload: payload.count, nextHeader: nextHeader)
        }
        precondition(reason == nil)
        return packet
    }

    /// Hands over one datagram; returns what reached the tunnel, and the reasons of drops.
    @discardableResult
    func receive(
        _ datagram: [UInt8], from: IPAddress = there, port: UInt16 = 4500, trafficClass: UInt8 = 0, segment: UInt32 = 0
    )
        -> (written: [[UInt8]], drops: [DropReason])
    {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(datagram.count, 1), alignment: 16)
        defer { memory.deallocate() }
        memory.copyBytes(from: datagram)
        var origin = warren_origin()
        origin.family = AF_INET
        origin.remote_port = port
        origin.traffic_class = trafficClass
        origin.length = UInt32(datagram.count)
        origin.segment = segment
        withUnsafeMutableBytes(of: &origin.local) { $0.copyBytes(from: Self.here.bytes) }
        withUnsafeMutableBytes(of: &origin.remote) { $0.copyBytes(from: from.bytes) }
        engine.receive(memory.baseAddress!, &origin)
        engine.coalescer.flush()
        return (queue.written(), newDrops())
    }

    /// Hands over what a TUN queue would give; returns the reasons of drops.
    @discardableResult
    func send(_ virtio: [UInt8]) -> [DropReason] {
        guard let tunnel = engine.tunnels["gif2"] else { return [] }
        virtio.withUnsafeBytes { engine.readBuffer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        engine.send(engine.readBuffer, count: virtio.count, from: tunnel)
        engine.transmit.flush()
        return newDrops()
    }

    private func newDrops() -> [DropReason] {
        let now = engine.drops.snapshot
        defer { last = now }
        return DropReason.allCases.flatMap {
            [DropReason](repeating: $0, count: Int((now[$0] ?? 0) - (last[$0] ?? 0)))
        }
    }

    /// The encapsulating header from there to here before an inner packet.
    static func encapsulate(
        _ inner: [UInt8], ipProtocol: UInt8 = 4, source: IPAddress = there, trafficClass: UInt8 = 0, fragment: UInt16 = 0x4000,
        identification: UInt16 = 0
    ) -> [UInt8] {
        func header(_ checksum: UInt16) -> [UInt8] {
            [0x45, trafficClass] + Obvious.big(UInt16(20 + inner.count)) + Obvious.big(identification) + Obvious.big(fragment)
                + [64, ipProtocol] + Obvious.big(checksum) + source.bytes + here.bytes
        }
        return header(Obvious.checksum(header(0))) + inner
    }
}
