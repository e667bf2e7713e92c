/// Packets built byte by byte, with checksums as RFC 1071 explains them: slow, and easy to believe.
enum Obvious {
    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 + (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            if sum > 0xffff { sum -= 0xffff }
        }
        return ~UInt16(sum)
    }

    static func big<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }

    /// One TCP segment or UDP datagram, whole or as a super-packet.
    struct Packet: Equatable {
        var isIPv6 = false
        var isTCP = true
        var trafficClass: UInt8 = 0
        var identification: UInt16 = 0x1234
        var dontFragment = true
        var hopLimit: UInt8 = 64
        var source: UInt8 = 1
        var sourcePort: UInt16 = 40_000
        var sequence: UInt32 = 1_000_000
        var acknowledgement: UInt32 = 77
        var flags: UInt8 = 0x10
        /// Of the byte before the flags: what is not the header's length.
        var reserved: UInt8 = 0
        var window: UInt16 = 502
        var urgent: UInt16 = 0
        var options: [UInt8] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
        var payload: [UInt8] = []

        var addresses: [UInt8] {
            isIPv6
                ? [0xfd, 0] + [UInt8](repeating: 0, count: 13) + [source] + [0xfd, 1] + [UInt8](repeating: 0, count: 13) + [2]
                : [10, 1, 0, source, 10, 2, 0, 2]
        }

        /// The transport header and payload with the checksum that is given, or its own.
        func transport(checksum fixed: UInt16? = nil) -> [UInt8] {
            func bytes(_ checksum: UInt16) -> [UInt8] {
                guard isTCP else {
                    return big(sourcePort) + big(UInt16(7)) + big(UInt16(truncatingIfNeeded: 8 + payload.count)) + big(checksum)
                        + payload
                }
                return big(sourcePort) + big(UInt16(7)) + big(sequence) + big(acknowledgement)
                    + [UInt8((20 + options.count) / 4) << 4 | reserved, flags] + big(window) + big(checksum) + big(urgent)
                    + options + payload
            }
            if let fixed { return bytes(fixed) }
            let own = Obvious.checksum(pseudoHeader + bytes(0))
            return bytes(own == 0 && !isTCP ? 0xffff : own)
        }

        var transportCount: Int { (isTCP ? 20 + options.count : 8) + payload.count }

        var pseudoHeader: [UInt8] {
            addresses + (isIPv6 ? big(UInt32(transportCount)) + [0, 0, 0] : [0]) + [isTCP ? 6 : 17]
                + (isIPv6 ? [] : big(UInt16(transportCount)))
        }

        private func wrap(_ transport: [UInt8]) -> [UInt8] {
            if isIPv6 {
                return big(UInt32(6) << 28 | UInt32(trafficClass) << 20 | 0xabcde) + big(UInt16(transport.count))
                    + [isTCP ? 6 : 17, hopLimit] + addresses + transport
            }
            func header(_ checksum: UInt16) -> [UInt8] {
                [0x45, trafficClass] + big(UInt16(20 + transport.count)) + big(identification)
                    + [dontFragment ? 0x40 : 0, 0, hopLimit, isTCP ? 6 : 17] + big(checksum) + addresses
            }
            return header(Obvious.checksum(header(0))) + transport
        }

        var bytes: [UInt8] { wrap(transport()) }

        /// As a TUN queue gives it: a virtio header, then the packet with only its pseudo-header summed.
        func virtio(segment: Int) -> [UInt8] {
            let ipLength = isIPv6 ? 40 : 20, headers = ipLength + transportCount - payload.count
            func little(_ value: Int) -> [UInt8] { [UInt8(value & 0xff), UInt8(value >> 8)] }
            let type: UInt8 = segment == 0 ? 0 : isTCP ? (isIPv6 ? 4 : 1) : 5
            return [1, type] + little(headers) + little(segment) + little(ipLength) + little(isTCP ? 16 : 6)
                + wrap(transport(checksum: ~Obvious.checksum(pseudoHeader)))
        }

        /// What a sender without offloads would have sent.
        func segments(of size: Int) -> [Packet] {
            var result: [Packet] = []
            var offset = 0
            repeat {
                var next = self
                next.payload = Array(payload.dropFirst(offset).prefix(size))
                next.identification &+= UInt16(truncatingIfNeeded: result.count)
                next.sequence &+= UInt32(offset)
                if !result.isEmpty { next.flags &= ~0x80 }
                offset += next.payload.count
                if offset < payload.count { next.flags &= ~0x09 }
                result.append(next)
            } while offset < payload.count
            return result
        }
    }
}

/// A generator whose numbers depend on its seed alone (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}
