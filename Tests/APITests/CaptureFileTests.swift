import Testing
import WarrenModel

@testable import WarrenAPI

/// A capture as a file.
@Suite struct CaptureFileTests {
    private static func packet(_ length: Int, kept: Int) -> CaptureChunk.Packet {
        .init(nanoseconds: 1_767_225_600_000_000_007, length: length, bytes: [UInt8](repeating: 0xAB, count: kept))
    }

    @Test func theFormat() {
        var file = CaptureFile(of: CaptureQuestion())
        #expect(
            file.header == [
                0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 101, 0, 0, 0,
            ])
        #expect(
            file.records(of: CaptureChunk(packets: [Self.packet(300, kept: 2)])) == [
                0x00, 0xB9, 0x55, 0x69, 7, 0, 0, 0, 2, 0, 0, 0, 0x2C, 1, 0, 0, 0xAB, 0xAB,
            ])
        #expect(file.records(of: CaptureChunk()).isEmpty)
    }

    /// Whatever an agent sends, there are no more packets and bytes than were asked for.
    @Test func itEnds() {
        var file = CaptureFile(of: CaptureQuestion(packets: 3))
        let chunk = CaptureChunk(packets: [Self.packet(1, kept: 1), Self.packet(1, kept: 1)])
        #expect(file.records(of: chunk).count == 34 && !file.isFull)
        #expect(file.records(of: chunk).count == 17 && file.isFull)
        #expect(file.records(of: chunk).isEmpty)
        var large = CaptureFile(of: CaptureQuestion(packets: 100_000, isWhole: true))
        let packets = CaptureChunk(packets: (0..<512).map { _ in Self.packet(65_535, kept: 65_535) })
        var size = 0
        for _ in 0..<4 { size += large.records(of: packets).count }
        #expect(large.isFull && size < CaptureQuestion.mostBytes + 200_000)
    }
}
