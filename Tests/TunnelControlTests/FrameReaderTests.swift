import Testing
import TunnelControl

@Suite struct FrameReaderTests {
    private func frame(_ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count)
        return [UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)] + body
    }

    @Test func framesComeOutHoweverTheyAreCut() throws {
        let bodies: [[UInt8]] = [[], [1], [2, 3, 4], Array(repeating: 7, count: 70_000), [], [9]]
        let stream = bodies.flatMap(frame)
        for step in [1, 2, 3, 5, 4_096, stream.count] {
            var reader = FrameReader()
            var received: [[UInt8]] = []
            for start in Swift.stride(from: 0, to: stream.count, by: step) {
                reader.append(stream[start..<min(start + step, stream.count)])
                while let body = try reader.next() { received.append(body) }
            }
            #expect(received == bodies, "in steps of \(step)")
            #expect(reader.isEmpty)
        }
    }

    @Test func aLengthPastTheLimitIsRefusedBeforeItsBytesCome() throws {
        var reader = FrameReader()
        let length = UInt32(TunnelControl.maximumLength + 1)
        reader.append([UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255)])
        #expect(try reader.next() == nil)
        reader.append([UInt8(length & 255)])
        #expect(throws: ControlError.tooLong(TunnelControl.maximumLength + 1)) { try reader.next() }
    }

    @Test func theGreatestLengthThatTheHeaderHoldsIsRefused() {
        var reader = FrameReader()
        reader.append([255, 255, 255, 255, 0])
        #expect(throws: ControlError.tooLong(Int(UInt32.max))) { try reader.next() }
    }
}
