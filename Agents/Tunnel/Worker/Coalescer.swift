import CWarrenSystem
import ESP
import Glibc

/// Joins TCP segments that arrived in one batch into super-packets and writes those to their TUN queues: the inverse of
/// `Segmenter`, by the rules of generic receive offload. Nothing is copied: a super-packet is a list of places.
///
/// Only segments that could be cut apart again without a difference are joined: same headers, sequence without a gap, right
/// checksum. Order within a connection is kept. `flush` must come before the memory of the packets is used again.
final class Coalescer {
    /// Where a packet goes. Counts packets and bytes as they were before they were joined.
    final class Sink {
        var descriptor: Int32
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        init(descriptor: Int32) { self.descriptor = descriptor }
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
        let transport = header.headerLength
        guard header.nextProtocol == 6, !header.isFragment, header.totalLength >= transport &+ 20,
            header.isIPv6 || transport == 20
        else { return write(packet, header.totalLength, sink, isVerified: false) }

        let tcp = packet + transport
        let headers = transport &+ Int(tcp.load(fromByteOffset: 12, as: UInt8.self) >> 4) &* 4
        let payload = header.totalLength &- headers
        let flags = tcp.load(fromByteOffset: 13, as: UInt8.self)
        // Only ACK, with or without PSH, and with data.
        let isPlain = flags & ~8 == 0x10 && headers >= transport &+ 20 && payload > 0
        let isVerified = isPlain && Self.isChecksumRight(packet, header: header)
        let flow = find(packet, header: header, sink: sink)
        if let flow {
            if isVerified, append(packet, to: flow, header: header, headers: headers, payload: payload) { return }
            flush(flow)
        }
        guard isVerified, flags & 8 == 0 else {
            return write(packet, header.totalLength, sink, isVerified: isVerified)
        }
        open(packet, header: header, headers: headers, payload: payload, sink: sink)
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
        let pseudo = InternetChecksum.pseudoHeader(packet, isIPv6: header.isIPv6, transport: 6, count: count)
        return InternetChecksum.fold(InternetChecksum.add(pseudo, packet + header.headerLength, count)) == 0xffff
    }

    /// The flow of the same tunnel, addresses and ports.
    private func find(_ packet: UnsafeMutableRawPointer, header: IPHeader, sink: Sink) -> UnsafeMutablePointer<Flow>? {
        let addresses = header.isIPv6 ? 8 : 12, length = header.isIPv6 ? 32 : 8
        for index in 0..<used {
            let flow = flows + index
            guard flow.pointee.isUsed, flow.pointee.header.isIPv6 == header.isIPv6,
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

    private func open(
        _ packet: UnsafeMutableRawPointer, header: IPHeader, headers: Int, payload: Int, sink: Sink
    ) {
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
                isUsed: true, sink: .passUnretained(sink), first: packet, header: header, headers: headers, segment: payload,
                length: header.totalLength, count: 1,
                nextSequence: packet.network(at: header.headerLength &+ 4, as: UInt32.self)
                    &+ UInt32(truncatingIfNeeded: payload),
                lastIdentification: header.isIPv6 ? 0 : packet.network(at: 4, as: UInt16.self), vectors: list))
        if index == used { used = index &+ 1 }
    }

    /// False when the packet does not fit behind what the flow holds.
    private func append(
        _ packet: UnsafeMutableRawPointer, to flow: UnsafeMutablePointer<Flow>, header: IPHeader, headers: Int, payload: Int
    ) -> Bool {
        let first = flow.pointee.first, transport = header.headerLength
        guard !flow.pointee.isClosed, flow.pointee.headers == headers, payload <= flow.pointee.segment,
            flow.pointee.length &+ payload <= 65_535, flow.pointee.count &+ 2 < Self.maximumVectors,
            packet.network(at: transport &+ 4, as: UInt32.self) == flow.pointee.nextSequence,
            // Acknowledgement, window, options.
            memcmp(first + transport + 8, packet + transport + 8, 4) == 0,
            memcmp(first + transport + 14, packet + transport + 14, 2) == 0,
            memcmp(first + transport + 20, packet + transport + 20, headers &- transport &- 20) == 0
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
        flow.pointee.vectors[flow.pointee.count &+ 1] = iovec(iov_base: packet + headers, iov_len: payload)
        flow.pointee.count &+= 1
        flow.pointee.length &+= payload
        flow.pointee.nextSequence &+= UInt32(truncatingIfNeeded: payload)
        let flags = packet.load(fromByteOffset: transport &+ 13, as: UInt8.self)
        if flags & 8 != 0 { first.storeBytes(of: flags, toByteOffset: transport &+ 13, as: UInt8.self) }
        if flags & 8 != 0 || payload < flow.pointee.segment { flow.pointee.isClosed = true }
        return true
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
        let pseudo = InternetChecksum.pseudoHeader(first, isIPv6: header.isIPv6, transport: 6, count: length &- transport)
        first.storeBytes(of: InternetChecksum.fold(pseudo), toByteOffset: transport &+ 16, as: UInt16.self)
        // NEEDS_CSUM; TCPv4 or TCPv6 (virtio 1.2, 5.1.6).
        virtio.storeBytes(of: 1, as: UInt8.self)
        virtio.storeBytes(of: header.isIPv6 ? 4 : 1, toByteOffset: 1, as: UInt8.self)
        virtio.storeBytes(of: UInt16(truncatingIfNeeded: flow.pointee.headers), toByteOffset: 2, as: UInt16.self)
        virtio.storeBytes(of: UInt16(truncatingIfNeeded: flow.pointee.segment), toByteOffset: 4, as: UInt16.self)
        virtio.storeBytes(of: UInt16(truncatingIfNeeded: transport), toByteOffset: 6, as: UInt16.self)
        virtio.storeBytes(of: 16, toByteOffset: 8, as: UInt16.self)
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
