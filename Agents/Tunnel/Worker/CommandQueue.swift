import CWarrenSystem
import ESP
import Glibc
import Synchronization
import WarrenModel

/// What the control side asks of the packet thread.
enum PacketCommand: Sendable {
    /// With a descriptor, or -1 for that which is attached; does its queue take joined UDP datagrams? Is it read from?
    case attach(GIFTunnel, Int32, takesDatagrams: Bool = true, isSource: Bool = true)
    case detach(String)
    case addPolicy(SecurityPolicy)
    case removePolicy(SecurityPolicy)
    case addInbound(SecurityAssociation, SALimits)
    case addOutbound(SecurityAssociation, SALimits)
    case remove(SiteName, SPI, SecurityPolicy.Direction)
    case removeAll(SiteName)
    case setModes(SiteName, Set<IPsecMode>)
    case redirect(SiteName, Endpoint)
    case snapshot(SnapshotReply)
    case stop
}

/// An eventfd: readable from `signal` until `clear`. Closed with its last holder.
final class EventDescriptor: Sendable {
    let descriptor: Int32

    init(blocking: Bool = false) throws {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK)))
        guard descriptor >= 0 else { throw PacketWorker.SystemCallError(call: "eventfd", errno: errno) }
    }

    deinit { close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        while write(descriptor, &one, 8) < 0, errno == EINTR {}
    }

    /// Also waits for a signal, if the descriptor is a blocking one.
    func clear() {
        var count: UInt64 = 0
        while read(descriptor, &count, 8) < 0, errno == EINTR {}
    }
}

/// Commands on their way to the packet thread, in order.
final class CommandQueue: Sendable {
    private let waiting = Mutex<[PacketCommand]>([])
    private let pending = Atomic(false)
    private let event: EventDescriptor
    var descriptor: Int32 { event.descriptor }

    init() throws { event = try EventDescriptor() }

    func append(_ command: PacketCommand) {
        waiting.withLock { $0.append(command) }
        pending.store(true, ordering: .releasing)
        event.signal()
    }

    /// Whether a command waits, for the price of a load.
    var isPending: Bool { pending.load(ordering: .acquiring) }

    func take() -> [PacketCommand] {
        event.clear()
        pending.store(false, ordering: .relaxed)
        return waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}

/// Events on their way to the control side, in order. Bounded: datagrams, which anybody can send, are refused first, and
/// those of strangers before those from a peer's address.
final class EventQueue: Sendable {
    /// More than the IKE daemon answers in a second.
    static let datagramCapacity = 1024
    static let datagramBytes = 4 << 20
    /// What strangers may take of either: a fourth.
    static let strangersShare = 4
    static let capacity = 4 * datagramCapacity

    private struct Waiting {
        var events: [PacketWorker.Event] = []
        var bytes = 0
        var strangers = 0
        var strangersBytes = 0
    }

    private let waiting = Mutex(Waiting())
    private let event: EventDescriptor
    var descriptor: Int32 { event.descriptor }

    init() throws { event = try EventDescriptor() }

    /// False when the queue is full and `event` is lost. `isStrangers`: a datagram from an address that is no peer's.
    @discardableResult
    func append(_ event: PacketWorker.Event, isStrangers: Bool = false) -> Bool {
        let accepted = waiting.withLock { waiting in
            guard waiting.events.count < Self.capacity else { return false }
            if case .ikeDatagram(_, _, let message) = event {
                guard waiting.events.count < Self.datagramCapacity, waiting.bytes + message.count <= Self.datagramBytes else {
                    return false
                }
                if isStrangers {
                    guard waiting.strangers < Self.datagramCapacity / Self.strangersShare,
                        waiting.strangersBytes + message.count <= Self.datagramBytes / Self.strangersShare
                    else { return false }
                    waiting.strangers += 1
                    waiting.strangersBytes += message.count
                }
                waiting.bytes += message.count
            }
            waiting.events.append(event)
            return true
        }
        if accepted { self.event.signal() }
        return accepted
    }

    func take() -> [PacketWorker.Event] {
        event.clear()
        return waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return waiting.events
        }
    }
}

/// A snapshot on its way to the one that waits for it.
final class SnapshotReply: Sendable {
    private let result = Mutex(PacketWorker.Snapshot())
    private let event: EventDescriptor

    init() throws { event = try EventDescriptor(blocking: true) }

    func fulfil(_ snapshot: PacketWorker.Snapshot) {
        result.withLock { $0 = snapshot }
        event.signal()
    }

    func wait() -> PacketWorker.Snapshot {
        event.clear()
        return result.withLock { $0 }
    }
}
