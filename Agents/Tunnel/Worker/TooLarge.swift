import CWarrenSystem
import ESP
import Glibc
import WarrenModel

/// Packets that the path to the peer does not take whole: the slow way, off which a sender comes soon.
extension PacketEngine {
    /// IPv6 packets of this size always pass; the encapsulating packet is fragmented if need be (RFC 2473, 7.1).
    static var smallestIPv6: Int { 1280 }

    /// A segment is larger than the path is known to take. True: try all the same, for what is known is old. False: this
    /// segment and all that follow were seen to here, in fragments or by an answer to their sender.
    @inline(never)
    func outgrow(_ rest: Segmenter, _ entry: OutboundEntry, _ tunnel: TunnelEntry) -> Bool {
        if entry.path.forget(now: now) {
            for other in peers[tunnel.settings.peer]?.outbound ?? [] { other.followPath() }
            return true
        }
        var segmenter = rest, isAnswered = false
        let packet = pieceBuffer + OutboundPacket.virtioLength
        while let count = segmenter.next {
            packet.copyMemory(from: segmenter.take(), byteCount: count)
            guard let header = IPHeader(packet, count: count) else { return false }
            if count <= entry.largestInner {
                sealWhole(pieceBuffer, count, entry, tunnel)
            } else if header.isIPv6, count <= Self.smallestIPv6 {
                sealFragmentable(count, entry, tunnel)
            } else if !header.isIPv6, packet.network(at: 6, as: UInt16.self) & 0x4000 == 0 {
                sealFragments(packet, header, entry, tunnel)
            } else {
                drops.count(.tooBig)
                if !isAnswered { answer(packet, header, entry, tunnel) }
                isAnswered = true
            }
        }
        return false
    }

    /// A packet of `count` bytes behind an empty virtio header.
    private func sealWhole(_ virtio: UnsafeMutableRawPointer, _ count: Int, _ entry: OutboundEntry, _ tunnel: TunnelEntry) {
        memset(virtio, 0, OutboundPacket.virtioLength)
        guard let packet = OutboundPacket(virtio: virtio, count: OutboundPacket.virtioLength &+ count) else { return }
        seal(packet, carried: packet.header.encapsulationProtocol, by: entry, from: tunnel)
    }

    private func sealFragmentable(_ count: Int, _ entry: OutboundEntry, _ tunnel: TunnelEntry) {
        transmit.flush()
        let limit = entry.largestInner
        entry.largestInner = .max
        sealWhole(pieceBuffer, count, entry, tunnel)
        entry.largestInner = limit
        transmit.flushFragmentable()
    }

    /// Fragments before ESP (RFC 4301, 8.2.1), so that the peer needs not put anything together (RFC 791, 2.3).
    private func sealFragments(
        _ packet: UnsafeMutableRawPointer, _ header: IPHeader, _ entry: OutboundEntry, _ tunnel: TunnelEntry
    ) {
        let fields = packet.network(at: 6, as: UInt16.self), before = Int(fields & 0x1fff) &* 8
        let payload = header.totalLength &- header.headerLength
        let room = (entry.largestInner &- header.headerLength) & ~7
        guard room > 0, before &+ payload <= 65_535 else { return drops.count(.tooBig) }
        let virtio = fragmentBuffer, fragment = virtio + OutboundPacket.virtioLength
        var offset = 0
        while offset < payload {
            let count = min(room, payload &- offset), isLast = offset &+ count == payload
            fragment.copyMemory(from: packet, byteCount: header.headerLength)
            (fragment + header.headerLength).copyMemory(from: packet + header.headerLength + offset, byteCount: count)
            if offset > 0 || before > 0 { Self.dropFirstOptions(fragment, header.headerLength) }
            fragment.storeNetwork(UInt16(truncatingIfNeeded: header.headerLength &+ count), at: 2)
            fragment.storeNetwork(
                UInt16(truncatingIfNeeded: (before &+ offset) / 8) | (isLast ? fields & 0x2000 : 0x2000), at: 6)
            InternetChecksum.finishIPv4(fragment, length: header.headerLength)
            sealWhole(virtio, header.headerLength &+ count, entry, tunnel)
            offset &+= count
        }
    }

    /// Options without the copied flag are the first fragment's alone (RFC 791, 3.1); others keep their places.
    private static func dropFirstOptions(_ packet: UnsafeMutableRawPointer, _ headerLength: Int) {
        var offset = 20
        while offset < headerLength {
            let kind = packet.load(fromByteOffset: offset, as: UInt8.self)
            guard kind != 0 else { return }
            let length =
                kind == 1 || offset &+ 1 == headerLength
                ? 1 : max(2, Int(packet.load(fromByteOffset: offset &+ 1, as: UInt8.self)))
            let end = min(offset &+ length, headerLength)
            if kind & 0x80 == 0 { memset(packet + offset, 1, end &- offset) }
            offset = end
        }
    }

    /// Tells the sender of a packet how large it may be.
    private func answer(
        _ packet: UnsafeMutableRawPointer, _ header: IPHeader, _ entry: OutboundEntry, _ tunnel: TunnelEntry
    ) {
        let virtio = fragmentBuffer
        memset(virtio, 0, OutboundPacket.virtioLength)
        let limit = header.isIPv6 ? max(entry.largestInner, Self.smallestIPv6) : entry.largestInner
        guard
            let count = TooBigMessage.write(
                to: virtio + OutboundPacket.virtioLength, about: packet, header: header, limit: limit),
            answerLimit.mayAnswer(now: now)
        else { return }
        if Glibc.write(tunnel.sink.descriptor, virtio, OutboundPacket.virtioLength &+ count) < 0 {
            drops.count(.tunnelWriteFailed)
        }
    }
}

/// How many answers the inside gets, whatever it sends: 100 a second.
struct AnswerLimit {
    private static let perSecond = 100
    private var since = MonotonicTime(nanoseconds: 0)
    private var count = 0

    mutating func mayAnswer(now: MonotonicTime) -> Bool {
        if now.since(since) >= .seconds(1) { (since, count) = (now, 0) }
        count += 1
        return count <= Self.perSecond
    }
}

/// "Fragmentation needed" (RFC 792, RFC 1191) and "packet too big" (RFC 4443, 3.2). It comes from where the packet was going:
/// an address that the inside reaches through this tunnel, as its filters on the reverse path want.
enum TooBigMessage {
    private static let quoted4 = 548, quoted6 = 1232

    /// Writes the message and returns its length; nil for a packet that must not be answered (RFC 1122, 3.2.2; RFC 4443, 2.4).
    static func write(
        to target: UnsafeMutableRawPointer, about packet: UnsafeMutableRawPointer, header: IPHeader, limit: Int
    ) -> Int? {
        header.isIPv6
            ? writeIPv6(to: target, about: packet, header: header, limit: limit)
            : writeIPv4(to: target, about: packet, header: header, limit: limit)
    }

    private static func writeIPv4(
        to target: UnsafeMutableRawPointer, about packet: UnsafeMutableRawPointer, header: IPHeader, limit: Int
    ) -> Int? {
        let source = packet.network(at: 12, as: UInt32.self), destination = packet.network(at: 16, as: UInt32.self)
        let isFollowing = packet.network(at: 6, as: UInt16.self) & 0x1fff != 0
        // Echo, timestamp and their replies are no errors.
        let isError =
            header.nextProtocol == 1
            && (header.totalLength <= header.headerLength
                || ![0, 8, 13, 14].contains(packet.load(fromByteOffset: header.headerLength, as: UInt8.self)))
        guard !isFollowing, !isError, source >> 24 != 0, source >> 28 < 14, destination >> 28 < 14 else { return nil }
        let quoted = min(header.totalLength, quoted4), count = 28 &+ quoted
        memset(target, 0, 28)
        target.storeNetwork(UInt16(0x45c0), at: 0)
        target.storeNetwork(UInt16(truncatingIfNeeded: count), at: 2)
        target.storeBytes(of: 64, toByteOffset: 8, as: UInt8.self)
        target.storeBytes(of: 1, toByteOffset: 9, as: UInt8.self)
        target.storeNetwork(destination, at: 12)
        target.storeNetwork(source, at: 16)
        InternetChecksum.finishIPv4(target, length: 20)
        target.storeNetwork(UInt16(0x0304), at: 20)
        target.storeNetwork(UInt16(clamping: limit), at: 26)
        (target + 28).copyMemory(from: packet, byteCount: quoted)
        let sum = InternetChecksum.add(0, UnsafeRawPointer(target + 20), 8 &+ quoted)
        target.storeBytes(of: ~InternetChecksum.fold(sum), toByteOffset: 22, as: UInt16.self)
        return count
    }

    private static func writeIPv6(
        to target: UnsafeMutableRawPointer, about packet: UnsafeMutableRawPointer, header: IPHeader, limit: Int
    ) -> Int? {
        let source = packet.network(at: 8, as: UInt128.self), destination = packet.network(at: 24, as: UInt128.self)
        let isError =
            header.nextProtocol == 58
            && (header.totalLength <= 40 || packet.load(fromByteOffset: 40, as: UInt8.self) < 128)
        // Even those to a group are answered (RFC 4443, 2.4), but not from the group.
        guard !isError, source != 0, source >> 120 != 0xff, destination >> 120 != 0xff else { return nil }
        let quoted = min(header.totalLength, quoted6), count = 8 &+ quoted
        memset(target, 0, 48)
        target.storeNetwork(UInt32(6) << 28, at: 0)
        target.storeNetwork(UInt16(truncatingIfNeeded: count), at: 4)
        target.storeNetwork(UInt16(58) << 8 | 64, at: 6)
        target.storeNetwork(destination, at: 8)
        target.storeNetwork(source, at: 24)
        target.storeNetwork(UInt16(0x0200), at: 40)
        target.storeNetwork(UInt32(clamping: limit), at: 44)
        (target + 48).copyMemory(from: packet, byteCount: quoted)
        let pseudo = InternetChecksum.pseudoHeader(target, isIPv6: true, transport: 58, count: count)
        let sum = InternetChecksum.add(pseudo, UnsafeRawPointer(target + 40), count)
        target.storeBytes(of: ~InternetChecksum.fold(sum), toByteOffset: 42, as: UInt16.self)
        return 40 &+ count
    }
}
