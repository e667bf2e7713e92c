import ESP
import Testing
import WarrenModel

@testable import PacketHarness
@testable import Tunnel

/// Encapsulating packets that come in fragments, each in ESP.
@Suite struct ReassemblyTests {
    /// A virtio header that vouches for the checksum.
    private let verified = [2] + [UInt8](repeating: 0, count: 9)

    private func inner(_ count: Int) -> Obvious.Packet {
        Obvious.Packet(isTCP: false, payload: (0..<count - 28).map { UInt8(truncatingIfNeeded: $0 &* 13) })
    }

    /// Fragments of the packet that encapsulates `bytes`, each of `size` bytes but the last.
    private func fragments(_ bytes: [UInt8], size: Int, identification: UInt16) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { start in
            let piece = Array(bytes[start...].prefix(size))
            let more: UInt16 = start + piece.count < bytes.count ? 0x2000 : 0
            return EngineHarness.encapsulate(piece, fragment: more | UInt16(start / 8), identification: identification)
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func packetsComeOutWholeInWhateverOrder(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let harness = try EngineHarness()
        for round in UInt16(0)..<100 {
            // Up to four packets at once, their fragments mixed.
            let packets = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                inner(Int.random(in: 40...9000, using: &random)).bytes
            }
            var pieces = packets.enumerated().flatMap { index, packet in
                fragments(
                    packet, size: 8 * Int.random(in: 2...300, using: &random), identification: round &* 4 &+ UInt16(index))
            }
            pieces.shuffle(using: &random)
            var written: [[UInt8]] = []
            for piece in pieces {
                let result = harness.receive(harness.seal(piece))
                #expect(result.drops == [])
                written += result.written
            }
            #expect(Set(written) == Set(packets.map { verified + $0 }) && written.count == packets.count)
        }
    }

    @Test func whatContradictsItselfIsGivenUp() throws {
        let harness = try EngineHarness(), packet = inner(100).bytes
        let pieces = fragments(packet, size: 40, identification: 7)
        func drops(_ piece: [UInt8]) -> [DropReason] {
            let result = harness.receive(harness.seal(piece))
            #expect(result.written.isEmpty)
            return result.drops
        }
        // Twice the same, or over another: the whole packet goes, and has to come anew.
        #expect(drops(pieces[0]) == [] && drops(pieces[0]) == [.fragment])
        #expect(drops(pieces[1]) == [] && drops(pieces[2]) == [])
        #expect(harness.receive(harness.seal(pieces[0])).written == [verified + packet])
        let over = EngineHarness.encapsulate(Array(packet[32..<72]), fragment: 0x2000 | 4, identification: 7)
        #expect(drops(pieces[0]) == [] && drops(over) == [.fragment])
        // Behind the end, and an end before what is there.
        let behind = EngineHarness.encapsulate([UInt8](repeating: 1, count: 8), fragment: 0x2000 | 20, identification: 7)
        #expect(drops(pieces[2]) == [] && drops(behind) == [.fragment])
        #expect(drops(behind) == [] && drops(pieces[2]) == [.fragment])
        // No whole number of eights, nothing at all, longer than a packet can be.
        #expect(drops(EngineHarness.encapsulate([1, 2, 3], fragment: 0x2000)) == [.fragment])
        #expect(drops(EngineHarness.encapsulate([], fragment: 0x2000)) == [.fragment])
        #expect(drops(EngineHarness.encapsulate([UInt8](repeating: 1, count: 80), fragment: 0x1fff)) == [.fragment])
        // Another packet's, and another protocol's, are no part of it.
        #expect(drops(pieces[0]) == [] && drops(pieces[1]) == [])
        #expect(drops(fragments(packet, size: 40, identification: 8)[2]) == [])
        #expect(drops(EngineHarness.encapsulate(Array(packet[80...]), ipProtocol: 41, fragment: 10, identification: 7)) == [])
        #expect(harness.receive(harness.seal(pieces[2])).written == [verified + packet])
        // Within, all is checked as ever.
        let elsewhere = EngineHarness.encapsulate(packet, source: EngineHarness.here, fragment: 0x2000)
        #expect(drops(elsewhere) == [.selectorMismatch])
    }

    @Test func congestionOfOneFragmentIsThePackets() throws {
        let harness = try EngineHarness()
        var sent = inner(200)
        sent.trafficClass = 2
        let pieces = fragments(sent.bytes, size: 80, identification: 1)
        #expect(harness.receive(harness.seal(pieces[0])).written.isEmpty)
        let marked = EngineHarness.encapsulate(
            Array(sent.bytes[80..<160]), trafficClass: 3, fragment: 0x2000 | 10, identification: 1)
        #expect(harness.receive(harness.seal(marked)).written.isEmpty)
        sent.trafficClass = 3
        #expect(harness.receive(harness.seal(pieces[2])).written == [verified + sent.bytes])
    }

    @Test func whatNeverCompletesIsForgotten() throws {
        let harness = try EngineHarness(), packet = inner(100).bytes
        let old = fragments(packet, size: 40, identification: 0)
        #expect(harness.receive(harness.seal(old[0])).drops == [])
        // Four of one SA: the oldest goes.
        for identification in UInt16(1)...4 {
            let pieces = fragments(packet, size: 40, identification: identification)
            #expect(harness.receive(harness.seal(pieces[0])).drops == [])
        }
        #expect(harness.receive(harness.seal(old[1])).drops == [] && harness.receive(harness.seal(old[2])).drops == [])
        #expect(harness.queue.written().isEmpty)
        let last = fragments(packet, size: 40, identification: 4)
        harness.engine.now = MonotonicTime(nanoseconds: 15_000_000_000)
        for piece in last[1...] { #expect(harness.receive(harness.seal(piece)).written.isEmpty) }
        #expect(harness.receive(harness.seal(last[0])).written == [verified + packet])
    }
}
