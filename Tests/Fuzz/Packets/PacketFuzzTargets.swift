import ESP
import WarrenModel

@testable import PacketHarness
@testable import Tunnel

/// What is fuzzed of the packet path: each target takes any bytes at all as a story of packets, and stops the process when
/// something holds that must not. Each answers how many packets passed, so that no part of the work can be left out.
public enum PacketFuzzTargets {
    public static let all: [String: @Sendable (UnsafeRawBufferPointer) -> Int] = [
        "outer": outer, "inner": inner, "segments": segments, "joins": joins,
    ]

    /// Datagrams from anybody: only what the peer sealed passes, unchanged, and once.
    @Sendable static func outer(_ bytes: UnsafeRawBufferPointer) -> Int {
        var source = ByteSource(bytes), passed = 0
        guard let harness = try? EngineHarness() else { return 0 }
        let payload = EngineHarness.encapsulate(Obvious.Packet(isTCP: false, payload: [1, 2, 3]).bytes)
        var sealed: [[UInt8]] = [], taken: Set<Int> = []
        while !source.isEmpty {
            var datagram: [UInt8] = []
            switch source.choice(4) {
            case 0:
                sealed.append(harness.seal(payload))
                datagram = sealed[sealed.count - 1]
            case 1 where !sealed.isEmpty: datagram = sealed[source.choice(sealed.count)]
            case 2: datagram = [0, 0, 0x10, 1] + (0..<source.choice(120)).map { _ in source.byte() }
            default: datagram = (0..<source.choice(120)).map { _ in source.byte() }
            }
            source.spoil(&datagram)
            // Several that the kernel says it joined: no single one is the peer's then, unless it is cut where it was joined.
            let segment = source.byte() == 1 ? UInt32(source.word()) : 0
            let from = source.byte() & 1 == 0 ? EngineHarness.there : EngineHarness.here
            let result = harness.receive(
                datagram, from: from, port: source.word(), trafficClass: source.byte() & ~3, segment: segment)
            let pieces = segment == 0 ? [datagram] : cut(datagram, Int(segment))
            let authentic = pieces.compactMap { piece in sealed.firstIndex { $0 == piece } }.filter {
                taken.insert($0).inserted
            }
            demand(
                result.written.count == authentic.count, "\(authentic.count) packets of the peer, not \(result.written.count)")
            for packet in result.written { demand(packet.dropFirst(10) == payload.dropFirst(20), "the packet that was sealed") }
            passed += result.written.count
            _ = harness.events.take()
        }
        return passed
    }

    private static func cut(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }

    /// What an authenticated peer may say: out comes what the obvious reader of RFC 4301 and RFC 6040 has, or nothing.
    @Sendable static func inner(_ bytes: UnsafeRawBufferPointer) -> Int {
        var source = ByteSource(bytes), passed = 0
        let mode: IPsecMode = source.byte() & 1 == 0 ? .tunnel : .transport
        let selected: [IPProtocol] = source.byte() & 1 == 0 ? [.ipencap, .ipv6] : [.ipencap]
        guard let harness = try? EngineHarness(mode: mode, selected: selected) else { return 0 }
        while !source.isEmpty {
            let inner = source.packet(large: false)
            var payload = inner.bytes
            source.spoil(&payload)
            if mode == .tunnel {
                payload = EngineHarness.encapsulate(
                    payload, ipProtocol: inner.isIPv6 ? 41 : 4, trafficClass: source.byte())
                source.spoil(&payload)
            }
            let nextHeader: UInt8 = source.byte() == 1 ? source.byte() : mode == .transport && inner.isIPv6 ? 41 : 4
            let outer = source.byte()
            let expected = ObviousArrival(mode: mode, selected: Set(selected.map(\.rawValue)))
                .packet(payload, nextHeader: nextHeader, trafficClass: outer)
            let result = harness.receive(harness.seal(payload, nextHeader: nextHeader), trafficClass: outer)
            // A fragment waits for the rest, and may be what another waited for.
            if mode == .tunnel, ObviousHeader(payload)?.isFragment == true { continue }
            demand(result.written.count + result.drops.count == 1, "one packet, or one reason: \(result.drops)")
            demand((result.written.first != nil) == (expected != nil), "it passes if it may: \(result.drops)")
            if let written = result.written.first, let expected {
                demand(ObviousArrival.same(Array(written.dropFirst(10)), expected), "the bytes that are expected")
                demand(written[0] & ~2 == 0 && written[1..<10].allSatisfy { $0 == 0 }, "no offload of one packet")
                passed += 1
            }
        }
        return passed
    }

    /// What a TUN queue gives, in order or not: the segments are those of an obvious implementation, byte by byte.
    @Sendable static func segments(_ bytes: UnsafeRawBufferPointer) -> Int {
        var source = ByteSource(bytes), passed = 0
        while !source.isEmpty {
            let packet = source.packet(large: true)
            var virtio = packet.virtio(segment: source.byte() & 1 == 0 ? 0 : 1 + source.choice(1500))
            source.spoil(&virtio)
            let expected = ObviousSegments.cut(virtio), found = segment(virtio)
            demand(found == expected, "the segments of an obvious sender")
            passed += found?.count ?? 0
        }
        return passed
    }

    /// Packets that arrive in one batch: what is written, cut apart again, is what came, connection by connection.
    @Sendable static func joins(_ bytes: UnsafeRawBufferPointer) -> Int {
        var source = ByteSource(bytes), packets: [[UInt8]] = []
        // The last two differ from the first two in their protocol alone.
        var flows = (0..<5).map { index in
            let kind = index % 3
            return Obvious.Packet(isIPv6: kind == 1, isTCP: index < 3, sourcePort: 100 + UInt16(kind))
        }
        while !source.isEmpty, packets.count < 200 {
            let index = source.choice(flows.count)
            let size = [100, 100, 100, 60, 1, 0, 1400, source.choice(300)][source.choice(8)]
            flows[index].payload = [UInt8](repeating: source.byte(), count: size)
            if source.byte() == 1 { flows[index].flags = source.byte() }
            if source.byte() == 1 { flows[index].window = source.word() }
            var packet = flows[index].bytes
            flows[index].flags = 0x10
            flows[index].sequence &+= UInt32(size)
            flows[index].identification &+= 1
            source.spoil(&packet)
            // Only what is a packet comes as far as this, without what stood behind it.
            guard let whole = ObviousHeader(packet) else { continue }
            packets.append(Array(packet[..<whole.total]))
        }
        let (written, sink) = join(packets)
        demand(sink.packets == packets.count && sink.bytes == packets.reduce(0) { $0 + $1.count }, "all are counted")
        var apart: [[UInt8]] = []
        for packet in written {
            guard let pieces = ObviousSegments.cut(packet) else { return fail("a packet that can be cut") }
            demand(packet[0] & 2 == 0 || ObviousHeader.hasRightChecksum(pieces[0]), "a checksum that is vouched for is right")
            apart += pieces
        }
        demand(connections(of: apart) == connections(of: packets), "each connection comes out as it went in")
        return packets.count - written.count
    }

    /// Packets by connection; those that are never joined are one.
    private static func connections(of packets: [[UInt8]]) -> [[UInt8]: [[UInt8]]] {
        Dictionary(grouping: packets) { packet in
            guard let header = ObviousHeader(packet), header.isPlain else { return [] }
            let addresses = header.isIPv6 ? 8..<40 : 12..<20
            return [header.next] + Array(packet[addresses]) + Array(packet[header.length..<header.length + 4])
        }
    }

    private static func demand(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { _ = fail(what()) }
    }

    private static func fail(_ what: String) -> Int { fatalError("must hold: \(what)") }
}

extension ByteSource {
    fileprivate mutating func packet(large: Bool) -> Obvious.Packet {
        let kind = byte()
        var packet = Obvious.Packet(isIPv6: kind & 1 != 0, isTCP: kind & 2 != 0)
        packet.trafficClass = byte()
        if kind & 4 != 0 { packet.identification = word() }
        if kind & 8 != 0 { packet.flags = byte() }
        if kind & 16 != 0 { packet.sequence = UInt32(word()) << 16 | UInt32(word()) }
        if kind & 32 != 0 { packet.options = [] }
        packet.payload = [UInt8](repeating: byte(), count: large ? choice(2000) : choice(80))
        return packet
    }
}
