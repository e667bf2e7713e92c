import CWarrenSystem
import ESP
import Glibc

/// Joins TCP segments and UDP datagrams that arrived in one batch into super-packets and writes those to their TUN queues: the
/// inverse of `Segmenter`, by the rules of generic receive offload. Nothing is copied: a super-packet is a list of places.
///
/// Only what could be cut apart again without a difference is joined: same headers, sequence without a gap, right checksum.
/// Order within a connection is kept. `flush` must come before the memory of the packets is used again.
final class Coalescer {
    /// Where a packet goes. Counts packets and bytes as they were before they were joined.
    final class Sink {
        let descriptor: Int32
        /// Whether the queue takes joined UDP datagrams, too: kernels before 6.2 do not.
        let takesDatagrams: Bool
        var packets: UInt64 = 0
        var bytes: UInt64 = 0

        init(descriptor: Int32, takesDatagrams: Bool = true) {
            self.descriptor = descriptor
            self.takesDatagrams = takesDatagrams
        }
    }

    private struct Flow {
        var isUsed = false
        var isClosed = false
        var sink: Unmanaged<Sink>
        var first: UnsafeMutableRawPointer
        var header: IPHeader
        var headers: Int
        /// Payload of the first segment, which all but the last must have.
        var segment: Int
        var length: Int
        var count: Int
        var nextSequence: UInt32
        var lastIdentification: UInt16
        var vectors: UnsafeMutablePointer<iovec>
    }

    private static let flowCount = 8
    /// One for the virtio header, one for the first packet, the rest for payloads.
    private static let maximumVectors = 66

    private let drops: DropCounters
    private let flows: UnsafeMutablePointer<Flow>
    private let vectors: UnsafeMutablePointer<iovec>
    private let virtio: UnsafeMutableRawPointer
    private var used = 0

    init(drops: DropCounters) {
        self.drops = drops
        flows = .allocate(capacity: Self.flowCount)
        vectors = .allocate(capacity: Self.flowCount * Self.maximumVectors)
        vectors.initialize(repeating: iovec(), count: Self.flowCount * Self.maximumVectors)
        virtio = .allocate(byteCount: 16, alignment: 16)
    }

    deinit {
        flows.deallocate()
        vectors.deallocate()
        virtio.deallocate()
    }

    /// Takes one packet of `header.totalLength` bytes.
    @inline(__always)
    func add(_ packet: UnsafeMutableRawPointer, header: IPHeader, sink: Sink) {
        guard !header.isFragment, header.isIPv6 || header.headerLength == 20, let part = Part(packet, header),
            part.isTCP || sink.takesDatagrams
        else { return write(packet, header.totalLength, sink, isVerified: false) }
        let isVerified = part.isPlain && Self.isChecksumRight(packet, header: header)
        if used > 0, let flow = find(packet, header: header, sink: sink) {
            if isVerified, append(packet, to: flow, header: header, part) { return }
            flush(flow)
        }
        guard isVerified, !part.isPushed else {
            return write(packet, header.totalLength, sink, isVerified: isVerified)
        }
        open(packet, header: header, part, sink: sink)
    }

    /// What matters of a TCP segment or a UDP datagram.
    private struct Part {
        let isTCP: Bool
        /// Of IP and the transport protocol together.
        let headers: Int
        let payload: Int
        /// It has data, and nothing else that a joined packet could not say once for all its parts.
        let isPlain: Bool
        /// Nothing may be joined behind it.
        let isPushed: Bool

        /// Nil for other protocols, and for what has no room for its header.
        @inline(__always)
        init?(_ packet: UnsafeMutableRawPointer, _ header: IPHeader) {
            let start = header.headerLength, transport = packet + start
            isTCP = header.nextProtocol == 6
            if isTCP {
                guard header.totalLength >= start &+ 20 else { return nil }
                headers = start &+ Int(transport.load(fromByteOffset: 12, as: UInt8.self) >> 4) &* 4
                payload = header.totalLength &- headers
                let flags = transport.load(fromByteOffset: 13, as: UInt8.self)
                // Only ACK, with or without PSH.
                isPlain = flags & ~8 == 0x10 && headers >= start &+ 20 && payload > 0
                isPushed = flags & 8 != 0
            } else {
                guard header.nextProtocol == 17, header.totalLength >= start &+ 8 else { return nil }
                headers = start &+ 8
                payload = header.totalLength &- headers
                // Without a checksum (RFC 768), it would be given one.
                isPlain =
                    payload > 0 && transport.network(at: 6, as: UInt16.self) != 0
                    && Int(transport.network(at: 4, as: UInt16.self)) == 8 &+ payload
                isPushed = false
            }
        }
    }

    /// Writes what is held back.
    func flush() {
        for index in 0..<used { flush(flows + index) }
        used = 0
    }

    /// Of the IPv4 header too: joining writes a new one, which must not mend what was wrong.
    private static func isChecksumRight(_ packet: UnsafeMutableRawPointer, header: IPHeader) -> Bool {
        if !header.isIPv6, InternetChecksum.fold(InternetChecksum.add(0, packet, header.headerLength)) != 0xffff {
            return false
        }
        let count = header.totalLength &- header.headerLength
        let pseudo = InternetChecksum.pseudoHeader(packet, isIPv6: header.isIPv6, transport: header.nextProtocol, count: count)
        return InternetChecksum.fold(InternetChecksum.add(pseudo, packet + header.headerLength, count)) == 0xffff
    }

    /// The flow of the same tunnel, protocol, addresses and ports.
    private func find(_ packet: UnsafeMutableRawPointer, header: IPHeader, sink: Sink) -> UnsafeMutablePointer<Flow>? {
        let addresses = header.isIPv6 ? 8 : 12, length = header.isIPv6 ? 32 : 8
        for index in 0..<used {
            let flow = flows + index
            guard flow.pointee.isUsed, flow.pointee.header.isIPv6 == header.isIPv6,
                flow.pointee.header.nextProtocol == header.nextProtocol,
                flow.pointee.sink.toOpaque() == Unmanaged.passUnretained(sink).toOpaque()
            else { continue }
            let first = flow.pointee.first, transport = header.headerLength
            if memcmp(first + addresses, packet + addresses, length) == 0, memcmp(first + transport, packet + transport, 4) == 0
            {
                return flow
            }
        }
        return nil
    }

    private func open(_ packet: UnsafeMutableRawPointer, header: IPHeader, _ part: Part, sink: Sink) {
        var index = 0
        while index < used, flows[index].isUsed { index &+= 1 }
        if index == Self.flowCount {
            index = 0
            flush(flows)
        }
        let list = vectors + index &* Self.maximumVectors
        list[1] = iovec(iov_base: packet, iov_len: header.totalLength)
        (flows + index).initialize(
            to: Flow(
                isUsed: true, sink: .passUnretained(sink), first: packet, header: header, headers: part.headers,
                segment: part.payload, length: header.totalLength, count: 1,
                nextSequence: part.isTCP
                    ? packet.network(at: header.headerLength &+ 4, as: UInt32.self)
                        &+ UInt32(truncatingIfNeeded: part.payload) : 0,
                lastIdentification: header.isIPv6 ? 0 : packet.network(at: 4, as: UInt16.self), vectors: list))
        if index == used { used = index &+ 1 }
    }

    /// False when the packet does not fit behind what the flow holds.
    private func append(
        _ packet: UnsafeMutableRawPointer, to flow: UnsafeMutablePointer<Flow>, header: IPHeader, _ part: Part
    ) -> Bool {
        let first = flow.pointee.first, transport = header.headerLength
        guard !flow.pointee.isClosed, flow.pointee.headers == part.headers, part.payload <= flow.pointee.segment,
            flow.pointee.length &+ part.payload <= 65_535, flow.pointee.count &+ 2 < Self.maximumVectors,
            !part.isTCP || follows(packet, flow, part)
        else { return false }
        if header.isIPv6 {
            // Traffic class, flow label, hop limit.
            guard memcmp(first, packet, 4) == 0, memcmp(first + 7, packet + 7, 1) == 0 else { return false }
        } else {
            let identification = packet.network(at: 4, as: UInt16.self)
            // Version and TOS, DF, TTL; the identification counts up, as segmenting will have it again.
            guard memcmp(first, packet, 2) == 0, memcmp(first + 6, packet + 6, 1) == 0, memcmp(first + 8, packet + 8, 1) == 0,
                identification == flow.pointee.lastIdentification &+ 1
            else { return false }
            flow.pointee.lastIdentification = identification
        }
        flow.pointee.vectors[flow.pointee.count &+ 1] = iovec(iov_base: packet + part.headers, iov_len: part.payload)
        flow.pointee.count &+= 1
        flow.pointee.length &+= part.payload
        flow.pointee.nextSequence &+= UInt32(truncatingIfNeeded: part.payload)
        if part.isPushed {
            let flags = packet.load(fromByteOffset: transport &+ 13, as: UInt8.self)
            first.storeBytes(of: flags, toByteOffset: transport &+ 13, as: UInt8.self)
        }
        if part.isPushed || part.payload < flow.pointee.segment { flow.pointee.isClosed = true }
        return true
    }

    /// Whether a TCP segment is the next of its flow: by its sequence number, and with the same acknowledgement, reserved bits,
    /// window, urgent pointer (which its flag says nothing of, but which stays what it is) and options.
    @inline(__always)
    private func follows(_ packet: UnsafeMutableRawPointer, _ flow: UnsafeMutablePointer<Flow>, _ part: Part) -> Bool {
        let transport = flow.pointee.header.headerLength, first = flow.pointee.first
        return packet.network(at: transport &+ 4, as: UInt32.self) == flow.pointee.nextSequence
            && memcmp(first + transport + 8, packet + transport + 8, 5) == 0
            && memcmp(first + transport + 14, packet + transport + 14, 2) == 0
            && memcmp(first + transport + 18, packet + transport + 18, part.headers &- transport &- 18) == 0
    }

    private func flush(_ flow: UnsafeMutablePointer<Flow>) {
        guard flow.pointee.isUsed else { return }
        flow.pointee.isUsed = false
        flow.pointee.sink._withUnsafeGuaranteedRef { flush(flow, to: $0) }
    }

    @inline(__always)
    private func flush(_ flow: UnsafeMutablePointer<Flow>, to sink: Sink) {
        let first = flow.pointee.first, header = flow.pointee.header
        guard flow.pointee.count > 1 else { return write(first, flow.pointee.length, sink, isVerified: true) }
        let length = flow.pointee.length, transport = header.headerLength
        if header.isIPv6 {
            first.storeNetwork(UInt16(truncatingIfNeeded: length &- 40), at: 4)
        } else {
            first.storeNetwork(UInt16(truncatingIfNeeded: length), at: 2)
            InternetChecksum.finishIPv4(first, length: transport)
        }
        let isTCP = header.nextProtocol == 6, field = isTCP ? 16 : 6
        if !isTCP { first.storeNetwork(UInt16(truncatingIfNeeded: length &- transport), at: transport &+ 4) }
        let pseudo = InternetChecksum.pseudoHeader(
            first, isIPv6: header.isIPv6, transport: header.nextProtocol, count: length &- transport)
        first.storeBytes(of: InternetChecksum.fold(pseudo), toByteOffset: transport &+ field, as: UInt16.self)
        // NEEDS_CSUM; TCPv4, TCPv6 or UDP (virtio 1.2, 5.1.6).
        virtio.storeBytes(of: 1, as: UInt8.self)
        virtio.storeBytes(of: isTCP ? (header.isIPv6 ? 4 : 1) : 5, toByteOffset: 1, as: UInt8.self)
        virtio.storeBytes(of: UInt16(truncatingIfNeeded: flow.pointee.headers), toByteOffset: 2, as: UInt16.self)
        virtio.storeBytes(of: UInt16(truncatingIfNeeded: flow.pointee.segment), toByteOffset: 4, as: UInt16.self)
        virtio.storeBytes(of: UInt16(truncatingIfNeeded: transport), toByteOffset: 6, as: UInt16.self)
        virtio.storeBytes(of: UInt16(truncatingIfNeeded: field), toByteOffset: 8, as: UInt16.self)
        let bytes = length &+ (flow.pointee.count &- 1) &* flow.pointee.headers
        write(flow.pointee.vectors, flow.pointee.count &+ 1, packets: flow.pointee.count, bytes: bytes, sink)
    }

    /// Writes one packet as it is; with `isVerified`, the receiver need not check the transport checksum again.
    private func write(_ packet: UnsafeMutableRawPointer, _ length: Int, _ sink: Sink, isVerified: Bool) {
        virtio.storeBytes(of: 0, as: UInt64.self)
        virtio.storeBytes(of: 0, toByteOffset: 8, as: UInt16.self)
        if isVerified { virtio.storeBytes(of: 2, as: UInt8.self) }  // DATA_VALID
        var list = (iovec(), iovec(iov_base: packet, iov_len: length))
        withUnsafeMutableBytes(of: &list) { bytes in
            if let list = bytes.baseAddress?.assumingMemoryBound(to: iovec.self) {
                write(list, 2, packets: 1, bytes: length, sink)
            }
        }
    }

    private func write(_ list: UnsafeMutablePointer<iovec>, _ count: Int, packets: Int, bytes: Int, _ sink: Sink) {
        list[0] = iovec(iov_base: virtio, iov_len: OutboundPacket.virtioLength)
        guard writev(sink.descriptor, list, Int32(truncatingIfNeeded: count)) > 0 else {
            return drops.count(.tunnelWriteFailed, packets)
        }
        sink.packets &+= UInt64(truncatingIfNeeded: packets)
        sink.bytes &+= UInt64(truncatingIfNeeded: bytes)
    }
}
