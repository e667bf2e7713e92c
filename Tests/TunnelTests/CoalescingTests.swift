import ESP
import Testing

@testable import PacketHarness
@testable import Tunnel

@Suite struct Coalescing {
    private func coalesce(_ packets: [[UInt8]]) -> [[UInt8]] {
        let (written, sink) = join(packets)
        #expect(sink.packets == packets.count)
        #expect(sink.bytes == packets.reduce(0) { $0 + $1.count })
        return written
    }

    @Test(arguments: [false, true])
    func aStreamBecomesOnePacket(isIPv6: Bool) {
        var random = SeededGenerator(state: 1)
        let whole = Obvious.Packet(isIPv6: isIPv6, flags: 0x18, payload: random.bytes(1000 * 30 + 17))
        let written = coalesce(whole.segments(of: 1000).map(\.bytes))
        #expect(written == [whole.virtio(segment: 1000)])
    }

    @Test(arguments: [false, true])
    func datagramsOfOneSizeBecomeOnePacket(isIPv6: Bool) {
        var random = SeededGenerator(state: 2)
        let whole = Obvious.Packet(isIPv6: isIPv6, isTCP: false, payload: random.bytes(64 * 40 + 17))
        let datagrams = whole.segments(of: 64).map(\.bytes)
        #expect(coalesce(datagrams) == [whole.virtio(segment: 64)])
        let (written, sink) = join(datagrams, datagrams: false)
        #expect(written == datagrams.map { [UInt8](repeating: 0, count: 10) + $0 })
        #expect(sink.packets == datagrams.count)
    }

    @Test func datagramsThatDifferAreNotJoined() {
        let first = Obvious.Packet(isTCP: false, payload: [UInt8](repeating: 1, count: 100))
        var next = first
        next.identification += 1
        func joins(_ change: (inout Obvious.Packet) -> Void) -> Bool {
            var other = next
            change(&other)
            return joins(other.bytes)
        }
        func joins(_ other: [UInt8]) -> Bool {
            let written = coalesce([first.bytes, other])
            #expect(written.flatMap { segment($0) ?? [] } == [first.bytes, other])
            return written.count == 1
        }
        #expect(joins { _ in })
        #expect(joins { $0.payload = [5] })
        #expect(!joins { $0.payload += [5] })
        #expect(!joins { $0.payload = [] })
        #expect(!joins { $0.identification += 1 })
        #expect(!joins { $0.trafficClass = 1 })
        #expect(!joins { $0.hopLimit = 63 })
        #expect(!joins { $0.dontFragment = false })
        #expect(!joins { $0.source = 9 })
        #expect(!joins { $0.sourcePort = 9 })
        #expect(!joins { $0 = .init(identification: next.identification, payload: $0.payload) })
        // No checksum; a wrong one; fewer bytes than the packet has.
        for (offset, bytes) in [(26, [0, 0]), (26, [0x12, 0x34]), (24, [0, 60])] as [(Int, [UInt8])] {
            var other = next.bytes
            other.replaceSubrange(offset..<offset + 2, with: bytes)
            #expect(!joins(other))
        }
    }

    @Test func whatDiffersIsNotJoined() {
        let first = Obvious.Packet(payload: [UInt8](repeating: 1, count: 100))
        var next = first.segments(of: 100)[0]
        next.sequence += 100
        next.identification += 1
        #expect(coalesce([first.bytes, next.bytes]).count == 1)
        func joins(_ change: (inout Obvious.Packet) -> Void) -> Bool {
            var other = next
            change(&other)
            let written = coalesce([first.bytes, other.bytes])
            #expect(written.flatMap { segment($0) ?? [] } == [first.bytes, other.bytes])
            return written.count == 1
        }
        #expect(joins { $0.payload = [5] })
        #expect(!joins { $0.payload += [5] })
        #expect(!joins { $0.payload = [] })
        #expect(!joins { $0.sequence += 1 })
        #expect(!joins { $0.identification += 1 })
        #expect(!joins { $0.acknowledgement += 1 })
        #expect(!joins { $0.window += 1 })
        #expect(!joins { $0.urgent = 0xff00 })
        for bit in 0..<4 { #expect(!joins { $0.reserved = 1 << bit }) }
        #expect(!joins { $0.options[7] = 9 })
        #expect(!joins { $0.options = [] })
        #expect(!joins { $0.trafficClass = 1 })
        #expect(!joins { $0.hopLimit = 63 })
        #expect(!joins { $0.dontFragment = false })
        #expect(!joins { $0.source = 9 })
        #expect(!joins { $0.sourcePort = 9 })
        for flags in [0x11, 0x12, 0x14, 0x30, 0x50, 0x90, 0x00] as [UInt8] { #expect(!joins { $0.flags = flags }) }
    }

    @Test func brokenChecksumsAreNotMended() {
        let packets = Obvious.Packet(payload: [UInt8](repeating: 1, count: 300)).segments(of: 100).map(\.bytes)
        for offset in [11, 37, 60] {
            var broken = packets
            broken[1][offset] ^= 1
            let written = coalesce(broken)
            #expect(written.contains([UInt8](repeating: 0, count: 10) + broken[1]))
        }
    }

    /// Many flows mixed, some packets lost, doubled or swapped: each flow comes out as it went in.
    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
    func everyFlowKeepsItsPacketsAndOrder(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var flows: [[[UInt8]]] = (0..<12).map { index in
            var packet = Obvious.Packet()
            packet.isIPv6 = index % 3 == 0
            packet.isTCP = index % 5 != 4
            packet.sourcePort = UInt16(1000 + index)
            packet.sequence = .random(in: 0 ... .max, using: &random)
            packet.flags = [0x10, 0x18, 0x11].randomElement(using: &random)!
            packet.payload = random.bytes(Int.random(in: 0...20_000, using: &random))
            var segments = packet.segments(of: Int.random(in: 200...1400, using: &random)).map(\.bytes)
            if segments.count > 3 {
                let at = Int.random(in: 1..<segments.count - 1, using: &random)
                switch index % 4 {
                case 0: segments.remove(at: at)
                case 1: segments.insert(segments[at], at: at)
                case 2: segments.swapAt(at, at + 1)
                default: break
                }
            }
            return segments
        }
        let expected = flows
        var mixed: [[UInt8]] = []
        while let index = flows.indices.filter({ !flows[$0].isEmpty }).randomElement(using: &random) {
            for _ in 0..<Int.random(in: 1...9, using: &random) where !flows[index].isEmpty {
                mixed.append(flows[index].removeFirst())
            }
        }
        let written = coalesce(mixed)
        #expect(written.count < mixed.count)
        let cut = written.flatMap { segment($0) ?? [] }
        #expect(cut.count == mixed.count)
        for flow in expected {
            let port = flow[0][0] >> 4 == 6 ? 40 : 20
            let same = cut.filter { packet in
                let offset = packet[0] >> 4 == 6 ? 40 : 20
                return offset == port && packet[offset..<offset + 2].elementsEqual(flow[0][port..<port + 2])
            }
            #expect(same == flow)
        }
    }

    @Test func aQueueThatRefusesIsCounted() {
        let drops = DropCounters(), coalescer = Coalescer(drops: drops), sink = Coalescer.Sink(descriptor: -1)
        var packet = Obvious.Packet(payload: [1]).bytes
        packet.withUnsafeMutableBytes { bytes in
            if let header = IPHeader(bytes.baseAddress!, count: bytes.count) {
                coalescer.add(bytes.baseAddress!, header: header, sink: sink)
            }
            coalescer.flush()
        }
        #expect(drops.snapshot == [.tunnelWriteFailed: 1])
        #expect(sink.packets == 0)
    }
}
