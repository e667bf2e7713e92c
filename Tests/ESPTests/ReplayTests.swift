import ESP
import Testing
import WarrenModel

/// What was received once is never received again.
@Suite struct ReplayTests {
    @Test(arguments: [true, false])
    func ofAMillionReplayedPacketsNoneIsAccepted(extended: Bool) throws {
        let sender = try OutboundAssociation<PacketCipher>(association(.outbound, extended: extended))
        let receiver = try InboundAssociation<PacketCipher>(association(.inbound, extended: extended))
        // Four windows' worth: some are in the window, some long behind it.
        let recorded = try (0..<4096).map { try seal([UInt8($0 & 0xff)], sender) }
        // They came out of order, within the window.
        for start in stride(from: 0, to: recorded.count, by: 512) {
            for packet in recorded[start..<start + 512].reversed() { _ = try open(packet, receiver) }
        }
        #expect(receiver.packets == 4096 && receiver.sequenceNumber == 4096)
        let length = recorded[0].count
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
        defer { memory.deallocate() }
        var random = SeededGenerator(state: 5), accepted = 0, reasons: [DropReason: Int] = [:]
        for _ in 0..<1_000_000 {
            memory.copyBytes(from: recorded[Int(truncatingIfNeeded: random.next() & 4095)])
            switch receiver.open(memory.baseAddress!, count: length) {
            case .payload: accepted += 1
            case .dummy: reasons[.dummy, default: 0] += 1
            case .dropped(let reason): reasons[reason, default: 0] += 1
            }
        }
        #expect(accepted == 0)
        // With extended numbers, one from behind the window is taken for one of the next 2^32, which it is not.
        #expect(Set(reasons.keys) == (extended ? [.replayed, .integrity] : [.replayed]), "\(reasons)")
        #expect(receiver.packets == 4096 && receiver.sequenceNumber == 4096)
        #expect(try open(seal([1], sender), receiver) == [1])
    }
}
