import CWarrenSystem

#if canImport(Glibc)
    import Glibc
#endif

/// The daemon's listening socket. Nothing here blocks: the daemon's event loop says when a descriptor is ready.
public final class TunnelControlListener {
    private let socket: OwnedDescriptor
    private let user: uid_t

    /// Listens at `path`; only processes of `user` are served. The socket's mode is 0600, and its folder should be 0700.
    public init(path: String, user: uid_t = 0) throws(ControlError) {
        let listener = warren_control_listen(path)
        guard listener >= 0 else { throw ControlError.lastSystemError("listen \(path)") }
        socket = OwnedDescriptor(listener)
        self.user = user
    }

    public var descriptor: Int32 { socket.rawValue }

    /// The next connection, nil when none waits; throws when its peer may not be here, and that connection is closed.
    public func accept() throws(ControlError) -> TunnelControlConnection? {
        let accepted = warren_control_accept(socket.rawValue)
        guard accepted >= 0 else {
            if [EAGAIN, EINTR, ECONNABORTED].contains(errno) { return nil }
            throw ControlError.lastSystemError("accept")
        }
        let connection = OwnedDescriptor(accepted)
        var peer = uid_t.max
        var process: pid_t = -1
        guard warren_peer_credentials(accepted, &peer, &process) == 0, peer == user else {
            throw ControlError.untrustedPeer(user: peer)
        }
        return TunnelControlConnection(connection)
    }
}

/// One agent's connection, seen from the daemon's event loop.
public final class TunnelControlConnection {
    /// A request, and the descriptors that came beside it.
    public struct Arrival {
        public let request: TunnelControl.Request
        public let descriptors: [OwnedDescriptor]
    }

    private let socket: OwnedDescriptor
    private var reader = FrameReader()
    private var pendingDescriptors: [OwnedDescriptor] = []
    private var output: [UInt8] = []

    init(_ socket: OwnedDescriptor) { self.socket = socket }

    public var descriptor: Int32 { socket.rawValue }
    /// While this is true the loop should wait for the socket to take more, and not read: that bounds what is kept.
    public var hasOutput: Bool { !output.isEmpty }

    /// What has arrived whole. Throws when the peer has gone or does not keep the protocol: then drop the connection.
    public func receive() throws(ControlError) -> [Arrival] {
        var arrivals: [Arrival] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        defer { erase(&chunk, chunk.indices) }
        let (count, descriptors) = chunk.withUnsafeMutableBytes { receiveBytes(socket, into: $0) }
        if !descriptors.isEmpty { pendingDescriptors = descriptors.map { OwnedDescriptor($0) } }
        if count < 0 {
            if errno == EAGAIN || errno == EINTR { return [] }
            throw errno == ECONNRESET ? ControlError.closed : ControlError.lastSystemError("recvmsg")
        }
        guard count > 0 else { throw ControlError.closed }
        reader.append(chunk.prefix(count))
        while var body = try reader.next() {
            defer { erase(&body, body.indices) }
            let request = try Framing.decode(TunnelControl.Request.self, from: body)
            arrivals.append(Arrival(request: request, descriptors: pendingDescriptors))
            pendingDescriptors = []
        }
        return arrivals
    }

    /// Queues a response and writes what the socket takes now.
    public func send(_ response: TunnelControl.Response) throws(ControlError) {
        output += try Framing.frame(response)
        try flush()
    }

    /// Writes what the socket takes now.
    public func flush() throws(ControlError) {
        while !output.isEmpty {
            let count = output.withUnsafeBytes { warren_send(socket.rawValue, $0.baseAddress, $0.count, nil, 0) }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return }
                throw errno == EPIPE || errno == ECONNRESET ? ControlError.closed : ControlError.lastSystemError("sendmsg")
            }
            output.removeFirst(count)
        }
    }
}
