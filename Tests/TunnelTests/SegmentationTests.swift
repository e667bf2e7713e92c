import Testing

@testable import PacketHarness
@testable import Tunnel

@Suite struct Segmentation {
    @Test func checksumAgreesWithTheObviousOne() {
        var random = SeededGenerator(state: 1)
        for count in 0..<600 {
            let bytes = count % 7 == 0 ? [UInt8](repeating: 0xff, count: count) : random.bytes(count)
            let offset = count % 5
            let memory = [UInt8](repeating: 9, count: offset) + bytes
            let sum = memory.withUnsafeBytes { InternetChecksum.add(0, $0.baseAddress! + offset, count) }
            let expected = Obvious.checksum(bytes)
            let found = UInt16(bigEndian: ~InternetChecksum.fold(sum))
            // Zero has two names in one's complement.
            #expect(found == expected || (found ^ expected == 0xffff && (found == 0 || expected == 0)))
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func segmentsAreWhatASenderWithoutOffloadsSends(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        for _ in 0..<60 {
            var packet = Obvious.Packet()
            packet.isIPv6 = .random(using: &random)
            packet.isTCP = .random(using: &random)
            packet.sequence = .random(in: 0 ... .max, using: &random)
            packet.identification = .random(in: 0 ... .max, using: &random)
            packet.trafficClass = .random(in: 0...255, using: &random)
            packet.flags = [0x10, 0x18, 0x11, 0x90, 0x99].randomElement(using: &random)!
            packet.options = packet.isTCP ? random.bytes(4 * Int.random(in: 0...10, using: &random)) : []
            packet.payload = random.bytes(Int.random(in: 1...6000, using: &random))
            let size = Int.random(in: 1...1500, using: &random)
            #expect(segment(packet.virtio(segment: size)) == packet.segments(of: size).map(\.bytes))
            // Whole, it only lacks its checksum.
            #expect(segment(packet.virtio(segment: 0)) == [packet.bytes])
        }
    }

    @Test func aFullSuperPacketIsCut() {
        var random = SeededGenerator(state: 9), packet = Obvious.Packet()
        packet.payload = random.bytes(65_535 - 20 - 32)
        #expect(segment(packet.virtio(segment: 1348)) == packet.segments(of: 1348).map(\.bytes))
    }

    @Test func malformedPacketsAreRefused() {
        var packet = Obvious.Packet()
        packet.payload = [UInt8](repeating: 5, count: 100)
        let whole = packet.virtio(segment: 50)
        #expect(segment(whole)?.count == 2)
        for count in 0..<whole.count { #expect(segment(Array(whole[..<count])) == nil) }
        func changed(_ offset: Int, _ value: UInt8) -> [[UInt8]]? {
            var bytes = whole
            bytes[offset] = value
            return segment(bytes)
        }
        #expect(changed(0, 0) == nil)  // segments without a checksum to complete
        #expect(changed(1, 4) == nil)  // IPv6 segmentation of an IPv4 packet
        #expect(changed(1, 3) == nil)  // fragmentation offload, which nobody asked for
        #expect(changed(4, 0) == nil)  // segments of no bytes
        #expect(changed(6, 19) == nil)  // checksum from within the IP header
        #expect(changed(7, 255) == nil)  // checksum far behind the end
        #expect(changed(8, 6) == nil)  // a checksum field that is not TCP's
        #expect(changed(10, 0x44) == nil)  // header shorter than a header
        #expect(changed(10, 0x55) == nil)  // no version
        #expect(changed(13, 255) == nil)  // longer than what is there
        #expect(changed(10 + 20 + 12, 0x40) == nil)  // TCP header shorter than a header
        #expect(changed(10 + 20 + 12, 0xf0) != nil)
    }

    /// Random bytes in random places: nothing traps, and segments never carry more than there was.
    @Test(arguments: [UInt64(1), 2, 3])
    func mutatedPacketsNeverTrap(seed: UInt64) {
        var random = SeededGenerator(state: seed), cut = 0
        for _ in 0..<4000 {
            var packet = Obvious.Packet()
            packet.isIPv6 = .random(using: &random)
            packet.isTCP = .random(using: &random)
            packet.payload = [UInt8](repeating: 7, count: Int.random(in: 0...300, using: &random))
            var bytes = packet.virtio(segment: Int.random(in: 0...200, using: &random))
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<min(bytes.count, 60), using: &random)] = .random(in: 0...255, using: &random)
            }
            if let segments = segment(bytes) { cut += segments.count }
        }
        #expect(cut > 0)
    }
}

@Suite struct Congestion {
    /// RFC 6040, figure 4: rows are the inner field, columns the outer, both as Not-ECT, ECT(0), ECT(1), CE.
    @Test func fieldsMergeAsTheTableSays() {
        let order: [UInt8] = [0, 2, 1, 3]
        let table: [[UInt8?]] = [[0, 0, 0, nil], [2, 2, 1, 3], [1, 1, 1, 3], [3, 3, 3, 3]]
        for (row, inner) in order.enumerated() {
            for (column, outer) in order.enumerated() {
                #expect(CongestionNotification.merge(outer: outer | 0xb8, inner: inner | 0x48) == table[row][column])
            }
        }
    }

    @Test func writingTheFieldKeepsTheChecksumRight() {
        for trafficClass in UInt8.min ... .max {
            for isIPv6 in [false, true] {
                for field in UInt8(0)...3 {
                    var before = Obvious.Packet(isIPv6: isIPv6, trafficClass: trafficClass, payload: [1])
                    var bytes = before.bytes
                    bytes.withUnsafeMutableBytes {
                        CongestionNotification.write(field, to: $0.baseAddress!, isIPv6: isIPv6)
                    }
                    before.trafficClass = trafficClass & ~3 | field
                    #expect(bytes == before.bytes)
                }
            }
        }
    }
}
