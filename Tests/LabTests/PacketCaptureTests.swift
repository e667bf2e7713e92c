import Testing

@testable import WarrenLab

@Suite struct PacketCaptureTests {
    @Test func framesComeBack() throws {
        let frames: [[UInt8]] = [[1, 2, 3], Array(repeating: 7, count: 1500), []]
        let capture = try PacketCapture(FrameBuilder.capture(frames))
        #expect(capture.frames.map(\.bytes) == frames)
        #expect(capture.frames.first?.seconds == 1_700_000_000.5)
        #expect(capture.frames.allSatisfy { !$0.isTruncated })
        #expect(!capture.endsInsideRecord)
    }

    @Test func theOtherByteOrderAndNanoseconds() throws {
        let header: [UInt8] = [0xA1, 0xB2, 0x3C, 0x4D, 0, 2, 0, 4] + [UInt8](repeating: 0, count: 10) + [1, 0, 0, 0, 0, 1]
        let record: [UInt8] = [0, 0, 0, 2, 0x1D, 0xCD, 0x65, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0xEE]
        let capture = try PacketCapture(header + record)
        #expect(capture.frames == [.init(seconds: 2.5, bytes: [0xEE], isTruncated: true)])
    }

    @Test func aFileThatIsStillWrittenEndsWithoutFault() throws {
        let file = FrameBuilder.capture([[1, 2, 3], [4, 5, 6, 7]])
        for cut in 1..<(16 + 4) {
            let capture = try PacketCapture(Array(file.dropLast(cut)))
            #expect(capture.frames.map(\.bytes) == [[1, 2, 3]])
            #expect(capture.endsInsideRecord)
        }
    }

    @Test func whatIsNoCaptureIsRefused() throws {
        #expect(throws: PacketCapture.Fault.notACapture) { try PacketCapture([]) }
        #expect(throws: PacketCapture.Fault.notACapture) { try PacketCapture(Array(repeating: 0x41, count: 100)) }
        #expect(throws: PacketCapture.Fault.notACapture) { try PacketCapture(Array(FrameBuilder.capture([]).dropLast())) }
        #expect(throws: PacketCapture.Fault.otherLinkType(101)) {
            try PacketCapture(FrameBuilder.capture([], linkType: 101))
        }
        #expect(try PacketCapture(FrameBuilder.capture([], linkType: 101), linkType: PacketCapture.rawIP).frames.isEmpty)
        let endless = FrameBuilder.capture([]) + Array(repeating: 0xFF, count: 40)
        #expect(throws: PacketCapture.Fault.oversizedRecord(offset: 24)) { try PacketCapture(endless) }
    }
}
