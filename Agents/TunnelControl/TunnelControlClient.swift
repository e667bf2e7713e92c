import CWarrenSystem

#if canImport(Glibc)
    import Glibc
#endif

/// The agent's end of the control socket: blocking, one call at a time, used by one thread at a time.
///
/// After an error other than `.refused` the connection is of no more use: make another client.
public final class TunnelControlClient {
    /// The daemon's process as the kernel vouches for it.
    public let processID: Int32
    /// How many queues of each TUN device it has use for.
    public let queues: Int
    private let socket: OwnedDescriptor
    private let timeout: Duration
    private var reader = FrameReader()

    /// Connects and greets. Throws `.untrustedPeer` when the socket was not opened by root or this process's user.
    public init(path: String, timeout: Duration = .seconds(10)) throws(ControlError) {
        let connection = warren_control_connect(path)
        guard connection >= 0 else { throw ControlError.lastSystemError("connect \(path)") }
        socket = OwnedDescriptor(connection)
        self.timeout = timeout
        var user = uid_t.max
        var process: pid_t = -1
        guard warren_peer_credentials(connection, &user, &process) == 0 else {
            throw ControlError.lastSystemError("SO_PEERCRED")
        }
        guard user == 0 || user == geteuid() else { throw ControlError.untrustedPeer(user: user) }
        processID = process
        switch try Self.call(.hello(version: TunnelControl.version), descriptors: [], socket, timeout, &reader) {
        case .welcome(let version, _, let queues):
            guard version == TunnelControl.version else { throw ControlError.versionMismatch(version) }
            self.queues = max(queues ?? 1, 1)
        default: throw ControlError.malformed("no welcome")
        }
    }

    /// Sends a request and waits for its response; `.refused` carries what the daemon says in a `.failure`. Descriptors are
    /// duplicated on their way: the caller's stay the caller's.
    @discardableResult
    public func call(
        _ request: TunnelControl.Request, descriptors: [Int32] = []
    ) throws(ControlError) -> TunnelControl.Response {
        try Self.call(request, descriptors: descriptors, socket, timeout, &reader)
    }

    private static func call(
        _ request: TunnelControl.Request, descriptors: [Int32], _ socket: OwnedDescriptor, _ timeout: Duration,
        _ reader: inout FrameReader
    ) throws(ControlError) -> TunnelControl.Response {
        let deadline = ContinuousClock.now + timeout
        var frame = try Framing.frame(request)
        defer { erase(&frame, frame.indices) }
        var sent = 0
        while sent < frame.count {
            try wait(socket, for: Int16(POLLOUT), until: deadline)
            let count = frame[sent...].withUnsafeBytes {
                warren_send(socket.rawValue, $0.baseAddress, $0.count, descriptors, sent == 0 ? descriptors.count : 0)
            }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw errno == EPIPE || errno == ECONNRESET ? ControlError.closed : ControlError.lastSystemError("sendmsg")
            }
            sent += count
        }
        let response = try Framing.decode(TunnelControl.Response.self, from: try receive(socket, &reader, until: deadline))
        if case .failure(let reason) = response { throw ControlError.refused(reason) }
        return response
    }

    /// Everything that the daemon runs.
    public func observe() throws(ControlError) -> TunnelControl.Observation {
        guard case .observation(let observation) = try call(.observe) else {
            throw ControlError.malformed("no observation")
        }
        return observation
    }

    private static func receive(
        _ socket: OwnedDescriptor, _ reader: inout FrameReader, until deadline: ContinuousClock.Instant
    ) throws(ControlError) -> [UInt8] {
        while true {
            if let body = try reader.next() { return body }
            try wait(socket, for: Int16(POLLIN), until: deadline)
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            let (count, descriptors) = chunk.withUnsafeMutableBytes { receiveBytes(socket, into: $0) }
            for descriptor in descriptors { close(descriptor) }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw errno == ECONNRESET ? ControlError.closed : ControlError.lastSystemError("recvmsg")
            }
            guard count > 0 else { throw ControlError.closed }
            reader.append(chunk.prefix(count))
        }
    }

    private static func wait(
        _ socket: OwnedDescriptor, for events: Int16, until deadline: ContinuousClock.Instant
    ) throws(ControlError) {
        while true {
            let remaining = ContinuousClock.now.duration(to: deadline)
            guard remaining > .zero else { throw ControlError.timedOut }
            var entry = pollfd(fd: socket.rawValue, events: events, revents: 0)
            let (seconds, attoseconds) = remaining.components
            let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
            let count = poll(&entry, 1, Int32(clamping: milliseconds + 1))
            if count > 0 { return }
            if count < 0, errno != EINTR { throw ControlError.lastSystemError("poll") }
        }
    }
}
