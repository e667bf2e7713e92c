import WarrenModel

/// The facts of an IP header, read byte by byte.
struct ObviousHeader {
    let isIPv6: Bool
    let length: Int
    let total: Int
    let next: UInt8
    let trafficClass: UInt8
    let isFragment: Bool
    let addresses: Range<Int>

    /// Nil for what is no packet, or less of one than its header says.
    init?(_ bytes: [UInt8]) {
        func word(_ offset: Int) -> Int { Int(bytes[offset]) * 256 + Int(bytes[offset + 1]) }
        guard bytes.count >= 20 else { return nil }
        if bytes[0] / 16 == 4 {
            (isIPv6, length, total, next, trafficClass) = (false, Int(bytes[0] % 16) * 4, word(2), bytes[9], bytes[1])
            isFragment = word(6) % 0x4000 != 0
            addresses = 12..<20
            guard length >= 20, total >= length else { return nil }
        } else if bytes[0] / 16 == 6, bytes.count >= 40 {
            (isIPv6, length, total, next) = (true, 40, 40 + word(4), bytes[6])
            trafficClass = bytes[0] % 16 * 16 + bytes[1] / 16
            isFragment = next == 44
            addresses = 8..<40
        } else {
            return nil
        }
        guard total <= bytes.count else { return nil }
    }

    /// What could be joined with another.
    var isPlain: Bool {
        guard !isFragment, isIPv6 || length == 20 else { return false }
        return next == 6 && total >= length + 20 || next == 17 && total >= length + 8
    }

    /// The sum before a transport protocol's own (RFC 9293, 3.1; RFC 8200, 8.1).
    static func pseudoHeader(_ packet: [UInt8], _ header: ObviousHeader, _ transport: UInt8, _ count: Int) -> [UInt8] {
        Array(packet[header.addresses]) + [0, transport] + Obvious.big(UInt32(count))
    }

    /// Of a TCP segment or a UDP datagram, its IPv4 header included.
    static func hasRightChecksum(_ packet: [UInt8]) -> Bool {
        guard let header = ObviousHeader(packet) else { return false }
        let segment = packet[header.length..<header.total]
        return (header.isIPv6 || Obvious.checksum(Array(packet[..<header.length])) == 0)
            && Obvious.checksum(pseudoHeader(packet, header, header.next, segment.count) + segment) == 0
    }
}

/// What a TUN queue gives, cut apart as the virtio header says (virtio 1.2, 5.1.6), on arrays.
enum ObviousSegments {
    /// Nil for what is malformed.
    static func cut(_ virtio: [UInt8]) -> [[UInt8]]? {
        func little(_ offset: Int) -> Int { Int(virtio[offset]) + Int(virtio[offset + 1]) * 256 }
        guard virtio.count >= 10, let header = ObviousHeader(Array(virtio[10...])) else { return nil }
        var packet = Array(virtio[10...].prefix(header.total))
        let size = little(4), start = little(6), field = start + little(8), needsChecksum = virtio[0] % 2 == 1
        if needsChecksum, start < header.length || field + 2 > packet.count { return nil }
        let kind = virtio[1] % 128
        if kind == 0 {
            if needsChecksum { store(Obvious.checksum(Array(packet[start...])), at: field, isUDP: field == start + 6, &packet) }
            return [packet]
        }
        guard needsChecksum, size > 0 else { return nil }
        let isTCP = kind == 1 || kind == 4
        guard isTCP ? field == start + 16 && header.isIPv6 == (kind == 4) : kind == 5 && field == start + 6 else { return nil }
        guard !isTCP || start + 20 <= packet.count else { return nil }
        let headers = start + (isTCP ? Int(packet[start + 12] / 16) * 4 : 8)
        guard headers >= start + (isTCP ? 20 : 8), headers <= packet.count else { return nil }
        var pieces = stride(from: headers, to: packet.count, by: size).map { packet[$0..<min($0 + size, packet.count)] }
        if pieces.isEmpty { pieces = [[]] }
        return pieces.enumerated().map { index, payload in
            var segment = Array(packet[..<headers]) + payload
            let isFirst = index == 0, isLast = index == pieces.count - 1
            if header.isIPv6 {
                segment.replaceSubrange(4..<6, with: Obvious.big(UInt16(truncatingIfNeeded: segment.count - 40)))
            } else {
                let identification = UInt16(packet[4]) << 8 + UInt16(packet[5])
                segment.replaceSubrange(2..<4, with: Obvious.big(UInt16(truncatingIfNeeded: segment.count)))
                segment.replaceSubrange(4..<6, with: Obvious.big(identification &+ UInt16(truncatingIfNeeded: index)))
                segment.replaceSubrange(10..<12, with: [0, 0])
                segment.replaceSubrange(10..<12, with: Obvious.big(Obvious.checksum(Array(segment[..<header.length]))))
            }
            if isTCP {
                let sequence = packet[start + 4..<start + 8].reduce(UInt32(0)) { $0 << 8 + UInt32($1) }
                segment.replaceSubrange(
                    start + 4..<start + 8, with: Obvious.big(sequence &+ UInt32(index * size)))
                if !isLast { segment[start + 13] &= 0b1111_0110 }
                if !isFirst { segment[start + 13] &= 0b0111_1111 }
            } else {
                segment.replaceSubrange(
                    start + 4..<start + 6, with: Obvious.big(UInt16(truncatingIfNeeded: segment.count - start)))
            }
            segment.replaceSubrange(field..<field + 2, with: [0, 0])
            let pseudo = ObviousHeader.pseudoHeader(segment, header, isTCP ? 6 : 17, segment.count - start)
            store(Obvious.checksum(pseudo + segment[start...]), at: field, isUDP: !isTCP, &segment)
            return segment
        }
    }

    private static func store(_ checksum: UInt16, at field: Int, isUDP: Bool, _ packet: inout [UInt8]) {
        packet.replaceSubrange(field..<field + 2, with: Obvious.big(isUDP && checksum == 0 ? 0xffff : checksum))
    }
}

/// What becomes of a packet that an authenticated peer sent, step by step (RFC 4301, 5.2; RFC 6040, 4.2).
struct ObviousArrival {
    let mode: IPsecMode
    /// Protocols that the SA's selectors name.
    let selected: Set<UInt8>

    /// Rows are the inner field, columns the outer, both as Not-ECT, ECT(1), ECT(0), CE.
    private static let table: [[UInt8?]] = [[0, 0, 0, nil], [1, 1, 1, 3], [2, 1, 2, 3], [3, 3, 3, 3]]

    /// The packet that leaves the tunnel; nil when none does.
    func packet(_ payload: [UInt8], nextHeader: UInt8, trafficClass: UInt8) -> [UInt8]? {
        guard nextHeader == 4 || nextHeader == 41 else { return nil }
        var inner = payload, carried = nextHeader, congestion = Int(trafficClass % 4)
        if mode == .tunnel {
            guard let outer = ObviousHeader(payload), outer.isIPv6 == (nextHeader == 41), !outer.isIPv6, !outer.isFragment,
                Array(payload[outer.addresses]) == EngineHarness.there.bytes + EngineHarness.here.bytes,
                outer.next == 4 || outer.next == 41, let merged = Self.table[Int(outer.trafficClass % 4)][congestion]
            else { return nil }
            (carried, congestion) = (outer.next, Int(merged))
            inner = Array(payload[outer.length..<outer.total])
        }
        guard selected.contains(carried), let header = ObviousHeader(inner), header.isIPv6 == (carried == 41),
            let field = Self.table[Int(header.trafficClass % 4)][congestion]
        else { return nil }
        inner = Array(inner[..<header.total])
        if header.isIPv6 {
            inner[1] = inner[1] & 0b1100_1111 | field << 4
        } else {
            // The header's sum stays what it was, right or wrong, when the field changes (RFC 1624).
            let before = Self.word(inner, 0)
            inner[1] = inner[1] & 0b1111_1100 | field
            let checksum = (Self.word(inner, 10) + before - Self.word(inner, 0) + 65_535) % 65_535
            if before != Self.word(inner, 0) { inner.replaceSubrange(10..<12, with: Obvious.big(UInt16(checksum))) }
        }
        return inner
    }

    /// Whether the bytes are these; zero has two names in an IPv4 header's checksum.
    static func same(_ found: [UInt8], _ expected: [UInt8]) -> Bool {
        guard found != expected else { return true }
        guard found.count == expected.count, found.count >= 20, found[0] / 16 == 4 else { return false }
        return found[..<10] == expected[..<10] && found[12...] == expected[12...]
            && Self.word(found, 10) % 65_535 == Self.word(expected, 10) % 65_535
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> Int { Int(bytes[offset]) * 256 + Int(bytes[offset + 1]) }
}
