import CWarrenSystem
import ESP
import Glibc

/// Sealed packets on their way to the sockets: equal-sized ones for one destination stand behind each other, so that the
/// kernel takes up to 64 of them as one message (UDP_SEGMENT), and one system call takes all messages. What is in no UDP the
/// kernel can't cut: then as many messages as there are packets go by one system call.
final class TransmitQueue {
    /// The kernel's limits: segments of a message, and bytes with room for its headers.
    static let maximumSegments = 64
    static let maximumLength = 65_400
    private static let messageCount = 16
    private static let messageSize = 1 << 16

    private struct Message {
        var length = 0
        var segment = 0
        var count = 0
        /// Its last packet was shorter: nothing may follow.
        var isClosed = false
        var trafficClass: UInt8 = 0
        var route: UnsafePointer<warren_route>
    }

    private let sockets: PacketSockets
    private let drops: DropCounters
    private let slab: UnsafeMutableRawPointer
    private let batch: OpaquePointer
    private let messages: UnsafeMutablePointer<Message>
    private var count = 0

    init(_ sockets: PacketSockets, drops: DropCounters) throws {
        guard let batch = warren_send_batch_new(UInt32(Self.messageCount + Self.maximumSegments)) else {
            throw PacketWorker.SystemCallError(call: "calloc", errno: ENOMEM)
        }
        self.sockets = sockets.leaving
        self.drops = drops
        self.batch = batch
        slab = .allocate(byteCount: Self.messageCount * Self.messageSize, alignment: 4096)
        messages = .allocate(capacity: Self.messageCount)
    }

    deinit {
        warren_send_batch_free(batch)
        slab.deallocate()
        messages.deallocate()
    }

    /// Room for a datagram of `length` bytes, at most `maximumLength`; it will be sent with the next flush. `route` must
    /// stay until then.
    @inline(__always)
    func reserve(_ length: Int, route: UnsafePointer<warren_route>, trafficClass: UInt8) -> UnsafeMutableRawPointer {
        if count > 0 {
            let message = messages + (count &- 1)
            if !message.pointee.isClosed, message.pointee.route == route, message.pointee.trafficClass == trafficClass,
                length <= message.pointee.segment, message.pointee.count < Self.maximumSegments,
                message.pointee.length &+ length <= Self.maximumLength
            {
                let place = slab + ((count &- 1) &* Self.messageSize &+ message.pointee.length)
                message.pointee.length &+= length
                message.pointee.count &+= 1
                if length < message.pointee.segment { message.pointee.isClosed = true }
                return place
            }
        }
        if count == Self.messageCount { flush() }
        let place = slab + count &* Self.messageSize
        (messages + count).initialize(
            to: Message(length: length, segment: length, count: 1, trafficClass: trafficClass, route: route))
        count &+= 1
        return place
    }

    /// Takes back the last reservation: its packet could not be sealed.
    func cancelLast(_ length: Int) {
        guard count > 0 else { return }
        let message = messages + (count &- 1)
        message.pointee.length &-= length
        message.pointee.count &-= 1
        message.pointee.isClosed = true
        if message.pointee.count == 0 { count &-= 1 }
    }

    /// Sends everything. What the sockets do not take is dropped and counted.
    func flush() {
        guard count > 0 else { return }
        for index in 0..<count {
            let message = messages[index]
            warren_send_batch_prepare(
                batch, UInt32(truncatingIfNeeded: index), message.route, message.trafficClass,
                slab + index &* Self.messageSize, message.length,
                message.count > 1 ? UInt16(truncatingIfNeeded: message.segment) : 0)
        }
        var first = 0
        while first < count {
            let route = messages[first].route
            var end = first &+ 1
            while end < count, Self.isSameSocket(messages[end].route, route) { end &+= 1 }
            if let socket = sockets.descriptor(for: route) {
                if route.pointee.remote_port != 0 {
                    send(socket, first, end)
                } else {
                    for index in first..<end { sendApart(socket, index) }
                }
            } else {
                for index in first..<end { drops.count(.noSocket, messages[index].count) }
            }
            first = end
        }
        count = 0
    }

    @inline(__always)
    private static func isSameSocket(_ a: UnsafePointer<warren_route>, _ b: UnsafePointer<warren_route>) -> Bool {
        a.pointee.family == b.pointee.family && (a.pointee.remote_port == 0) == (b.pointee.remote_port == 0)
    }

    /// Sends everything, in fragments where the path takes no more.
    func flushFragmentable() {
        for socket in sockets.entries { warren_fragmentation_allow(socket.descriptor, socket.family, 1) }
        flush()
        for socket in sockets.entries { warren_fragmentation_allow(socket.descriptor, socket.family, 0) }
    }

    /// Sends what is prepared in these slots: messages, or behind those the packets of one, each by itself.
    private func send(_ socket: Int32, _ start: Int, _ end: Int) {
        var first = start, patience = 20, retried = -1
        while first < end {
            let sent = warren_send_batch_send(batch, socket, UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: end))
            if sent > 0 {
                first &+= Int(sent)
                continue
            }
            switch errno {
            case EINTR:
                continue
            case EAGAIN, ENOBUFS:
                // The interface's queue is full: it drains in microseconds, or it is stuck and the packets are lost.
                patience &-= 1
                if patience > 0 {
                    var waiting = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, 1)
                    continue
                }
                drops.count(.sendFailed, packets(in: first))
            case let failure:
                // What failed may be an earlier datagram, of which the network told: that is said once.
                if retried != first {
                    retried = first
                    continue
                }
                if failure == EMSGSIZE || failure == EINVAL, packets(in: first) > 1 {
                    // Segments are larger than the interface takes now: singly, the kernel says how large they may be.
                    sendApart(socket, first)
                } else {
                    drops.count(failure == EMSGSIZE ? .tooBig : .sendFailed, packets(in: first))
                }
            }
            first &+= 1
        }
    }

    private func packets(in slot: Int) -> Int { slot < Self.messageCount ? messages[slot].count : 1 }

    private func sendApart(_ socket: Int32, _ index: Int) {
        let message = messages[index]
        var offset = 0, end = Self.messageCount
        while offset < message.length {
            let length = min(message.segment, message.length &- offset)
            warren_send_batch_prepare(
                batch, UInt32(truncatingIfNeeded: end), message.route, message.trafficClass,
                slab + (index &* Self.messageSize &+ offset), length, 0)
            offset &+= length
            end &+= 1
        }
        send(socket, Self.messageCount, end)
    }
}

/// One counter for each reason.
final class DropCounters {
    private let counters: UnsafeMutablePointer<UInt64>

    init() {
        counters = .allocate(capacity: 256)
        counters.initialize(repeating: 0, count: 256)
    }

    deinit { counters.deallocate() }

    @inline(__always)
    func count(_ reason: DropReason, _ packets: Int = 1) {
        counters[Int(reason.rawValue)] &+= UInt64(truncatingIfNeeded: packets)
    }

    var snapshot: [DropReason: UInt64] {
        var result: [DropReason: UInt64] = [:]
        for reason in DropReason.allCases where counters[Int(reason.rawValue)] > 0 {
            result[reason] = counters[Int(reason.rawValue)]
        }
        return result
    }
}
