import WarrenModel

/// Frames written by hand, byte for byte, for the classifier to read.
enum FrameBuilder {
    static let berlin: [UInt8] = [203, 0, 113, 10], tokyo: [UInt8] = [198, 51, 100, 20], moved: [UInt8] = [198, 19, 0, 99],
        controller: [UInt8] = [192, 0, 2, 1]

    static func big16(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] }
    static func big32(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    static func ethernet(_ type: Int, _ payload: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0xFF, count: 6) + [2, 0, 0, 0, 0, 1] + big16(type) + payload
    }

    static func ipv4(
        _ ipProtocol: UInt8, from source: [UInt8] = berlin, to destination: [UInt8] = tokyo, fragment: Int = 0,
        _ payload: [UInt8]
    ) -> [UInt8] {
        var packet: [UInt8] = [0x45, 0]
        packet += big16(20 + payload.count)
        packet += [0x12, 0x34]
        packet += big16(fragment)
        packet += [64, ipProtocol, 0, 0]
        packet += source
        packet += destination
        return ethernet(0x0800, packet + payload)
    }

    static func ipv6(_ next: UInt8, _ payload: [UInt8], length: Int? = nil) -> [UInt8] {
        let source: [UInt8] = [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1]
        let destination: [UInt8] = [0xFF, 0x02] + [UInt8](repeating: 0, count: 13) + [2]
        return ethernet(
            0x86DD, [0x60, 0, 0, 0] + big16(length ?? payload.count) + [next, 255] + source + destination + payload)
    }

    static func udp(_ source: Int, _ destination: Int, _ content: [UInt8]) -> [UInt8] {
        var datagram = big16(source)
        datagram += big16(destination)
        datagram += big16(8 + content.count)
        datagram += [0, 0]
        return datagram + content
    }

    static func tcp(_ source: Int, _ destination: Int, sequence: UInt32, flags: UInt8 = 0x18, _ content: [UInt8]) -> [UInt8] {
        var segment = big16(source) + big16(destination)
        segment += big32(sequence)
        segment += big32(1)
        segment += [0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]
        return segment + content
    }

    static func tlsRecord(_ length: Int, type: UInt8 = 23) -> [UInt8] {
        [type, 3, 3] + big16(length) + [UInt8](repeating: 0xAA, count: length)
    }

    static let ikeMessage: [UInt8] = [
        1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 33, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 0, 40,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    ]
    static let espPacket: [UInt8] = big32(0xC0FF_EE01) + big32(7) + [UInt8](repeating: 0x5A, count: 40)

    /// A capture in the classic format, little-endian, microseconds.
    static func capture(_ frames: [[UInt8]], linkType: UInt32 = 1) -> [UInt8] {
        var file: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0]
        func append(_ value: UInt32) { file += big32(value).reversed() }
        for value in [0, 0, 262144, linkType] as [UInt32] { append(value) }
        for frame in frames {
            let length = UInt32(frame.count)
            for value in [1_700_000_000, 500_000, length, length] as [UInt32] { append(value) }
            file += frame
        }
        return file
    }
}
