import CWarrenSystem
import ESP
import Glibc

@testable import Tunnel

/// All segments of what a TUN queue gave; nil when it is malformed.
func segment(_ virtio: [UInt8]) -> [[UInt8]]? {
    let headroom = PacketEngine<PacketCipher>.headroom, encapsulation = 40
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: headroom + virtio.count, alignment: 16)
    defer { memory.deallocate() }
    UnsafeMutableRawBufferPointer(rebasing: memory[headroom...]).copyBytes(from: virtio)
    guard let packet = OutboundPacket(virtio: memory.baseAddress! + headroom, count: virtio.count) else { return nil }
    var segmenter = Segmenter(packet), result: [[UInt8]] = []
    while let count = segmenter.next {
        let segment = segmenter.take()
        // As the packet path does: an encapsulating header.
        memset(segment - encapsulation, 0xee, encapsulation)
        result.append(Array(UnsafeRawBufferPointer(start: segment, count: count)))
    }
    return result
}

/// Hands packets to a coalescer in one batch; returns what it wrote, each with its virtio header.
func join(_ packets: [[UInt8]], datagrams: Bool = true) -> (written: [[UInt8]], sink: Coalescer.Sink) {
    let queue = FakeQueue(), coalescer = Coalescer(drops: DropCounters())
    let sink = Coalescer.Sink(descriptor: queue.near, takesDatagrams: datagrams)
    let slab = UnsafeMutableRawPointer.allocate(byteCount: packets.reduce(1) { $0 + $1.count }, alignment: 16)
    defer { slab.deallocate() }
    var offset = 0
    for packet in packets {
        let place = slab + offset
        place.copyMemory(from: packet, byteCount: packet.count)
        if let header = IPHeader(place, count: packet.count) { coalescer.add(place, header: header, sink: sink) }
        offset += packet.count
    }
    coalescer.flush()
    return (queue.written(), sink)
}

/// A socket pair that keeps the bounds of messages: one end stands in for a TUN queue.
final class FakeQueue {
    let near: Int32
    let far: Int32

    init() {
        var pair: (Int32, Int32) = (-1, -1)
        let failure = withUnsafeMutableBytes(of: &pair) {
            socketpair(
                AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue), 0,
                $0.baseAddress!.assumingMemoryBound(to: Int32.self))
        }
        precondition(failure == 0)
        (near, far) = pair
        var size: Int32 = 4 << 20
        for descriptor in [near, far] { setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, 4) }
    }

    deinit {
        close(near)
        close(far)
    }

    /// What was written to the queue, one element for each write.
    func written() -> [[UInt8]] {
        var result: [[UInt8]] = [], buffer = [UInt8](repeating: 0, count: 70_000)
        while true {
            let count = read(far, &buffer, buffer.count)
            guard count > 0 else { return result }
            result.append(Array(buffer[..<count]))
        }
    }
}
