import ESP

/// A packet as a TUN queue with IFF_VNET_HDR gives it: perhaps larger than the MTU, then to be cut into segments, and
/// perhaps without its checksum (virtio 1.2, 5.1.6.2). Holding one means that every offset in it was checked.
struct OutboundPacket {
    enum Kind { case whole, tcp, udp }

    /// Length of the header before each packet (struct virtio_net_hdr).
    static let virtioLength = 10

    let bytes: UnsafeMutableRawPointer
    let header: IPHeader
    let kind: Kind
    /// Offset of the transport header; only for segmented kinds.
    let transport: Int
    /// Bytes of headers that each segment repeats.
    let headers: Int
    /// Payload bytes of each segment but the last.
    let segment: Int

    /// Nil when something does not add up: then the packet is dropped. Completes the checksum of a packet that stays whole.
    init?(virtio: UnsafeMutableRawPointer, count: Int) {
        let length = count &- Self.virtioLength
        bytes = virtio + Self.virtioLength
        guard let header = IPHeader(bytes, count: length) else { return nil }
        self.header = header
        let needsChecksum = virtio.load(as: UInt8.self) & 1 != 0
        let start = Int(virtio.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        let field = start &+ Int(virtio.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
        if needsChecksum {
            guard start >= header.headerLength, field &+ 2 <= header.totalLength else { return nil }
        }
        // Bit 7 says that CWR is set, which the segmenter sees for itself.
        let type = virtio.load(fromByteOffset: 1, as: UInt8.self) & 0x7f
        segment = Int(virtio.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        switch type {
        case 0:
            kind = .whole
            transport = start
            headers = header.totalLength
            if needsChecksum { Self.completeChecksum(bytes, header: header, start: start, field: field) }
        case 1, 4:
            guard needsChecksum, segment > 0, header.isIPv6 == (type == 4), field == start &+ 16,
                start &+ 20 <= header.totalLength
            else { return nil }
            kind = .tcp
            transport = start
            headers = start &+ Int(bytes.load(fromByteOffset: start &+ 12, as: UInt8.self) >> 4) &* 4
            guard headers >= start &+ 20, headers <= header.totalLength else { return nil }
        case 5:
            guard needsChecksum, segment > 0, field == start &+ 6 else { return nil }
            kind = .udp
            transport = start
            headers = start &+ 8
            guard headers <= header.totalLength else { return nil }
        default:
            return nil
        }
    }

    /// The field holds the sum of the pseudo-header already.
    private static func completeChecksum(_ bytes: UnsafeMutableRawPointer, header: IPHeader, start: Int, field: Int) {
        var checksum = ~InternetChecksum.fold(
            InternetChecksum.add(0, UnsafeRawPointer(bytes + start), header.totalLength &- start))
        // UDP sends a sum of zero as all ones (RFC 768).
        if checksum == 0, field == start &+ 6 { checksum = 0xffff }
        bytes.storeBytes(of: checksum, toByteOffset: field, as: UInt16.self)
    }
}

/// Cuts a packet into segments, each a packet of its own: `while let count = segmenter.next { let segment = segmenter.take(); … }`.
struct Segmenter {
    let packet: OutboundPacket
    private var offset: Int
    private var index: UInt16 = 0
    private var isDone = false
    /// What the packet says; in its memory, segments say otherwise.
    private let identification: UInt16
    private let sequence: UInt32
    private let flags: UInt8

    @inline(__always)
    init(_ packet: OutboundPacket) {
        self.packet = packet
        offset = packet.headers
        identification = packet.header.isIPv6 ? 0 : packet.bytes.network(at: 4, as: UInt16.self)
        sequence = packet.kind == .tcp ? packet.bytes.network(at: packet.transport &+ 4, as: UInt32.self) : 0
        flags = packet.kind == .tcp ? packet.bytes.load(fromByteOffset: packet.transport &+ 13, as: UInt8.self) : 0
    }

    /// Length of the next segment with its headers; nil after the last. A packet without payload is one segment.
    @inline(__always)
    var next: Int? {
        if isDone { return nil }
        if packet.kind == .whole { return packet.header.totalLength }
        return packet.headers &+ min(packet.segment, packet.header.totalLength &- offset)
    }

    /// The next segment, `next` bytes, with lengths, identification, sequence, flags and checksums of its own. Its payload stays
    /// where it is, its headers are written before it: over the end of the segment before, which must be done with.
    @inline(__always)
    mutating func take() -> UnsafeMutableRawPointer {
        let total = packet.header.totalLength
        if packet.kind == .whole {
            isDone = true
            return packet.bytes
        }
        let headers = packet.headers, transport = packet.transport, isIPv6 = packet.header.isIPv6
        let payload = min(packet.segment, total &- offset), length = headers &+ payload
        let isLast = offset &+ payload >= total
        let target = packet.bytes + (offset &- headers)
        // What is before a segment may be written over: its headers are taken on from one to the next.
        if index != 0 { target.copyMemory(from: target - packet.segment, byteCount: headers) }
        if isIPv6 {
            target.storeNetwork(UInt16(truncatingIfNeeded: length &- 40), at: 4)
        } else {
            target.storeNetwork(UInt16(truncatingIfNeeded: length), at: 2)
            target.storeNetwork(identification &+ index, at: 4)
            InternetChecksum.finishIPv4(target, length: packet.header.headerLength)
        }
        let isTCP = packet.kind == .tcp
        if isTCP {
            target.storeNetwork(sequence &+ UInt32(truncatingIfNeeded: offset &- headers), at: transport &+ 4)
            var flags = self.flags
            if !isLast { flags &= ~0x09 }  // FIN, PSH
            if index != 0 { flags &= ~0x80 }  // CWR
            target.storeBytes(of: flags, toByteOffset: transport &+ 13, as: UInt8.self)
        } else {
            target.storeNetwork(UInt16(truncatingIfNeeded: length &- transport), at: transport &+ 4)
        }
        let field = transport &+ (isTCP ? 16 : 6), count = length &- transport
        target.storeBytes(of: 0, toByteOffset: field, as: UInt16.self)
        let pseudo = InternetChecksum.pseudoHeader(target, isIPv6: isIPv6, transport: isTCP ? 6 : 17, count: count)
        var checksum = ~InternetChecksum.fold(InternetChecksum.add(pseudo, UnsafeRawPointer(target + transport), count))
        if checksum == 0, !isTCP { checksum = 0xffff }
        target.storeBytes(of: checksum, toByteOffset: field, as: UInt16.self)
        offset &+= payload
        index &+= 1
        isDone = isLast
        return target
    }
}
