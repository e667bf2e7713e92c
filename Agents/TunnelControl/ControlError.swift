import CWarrenSystem

#if canImport(Glibc)
    import Glibc
#endif

/// What can go wrong between an agent and its daemon.
public enum ControlError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A system call failed.
    case system(call: String, errno: Int32)
    /// The other end closed the connection, or died.
    case closed
    /// No answer in time. The connection is of no more use: a late answer would be taken for the next one's.
    case timedOut
    /// The other end runs as a user that has no business here.
    case untrustedPeer(user: UInt32)
    /// A message is longer than `TunnelControl.maximumLength`.
    case tooLong(Int)
    /// Bytes that are no message of this protocol.
    case malformed(String)
    /// The other end speaks another version of the protocol.
    case versionMismatch(Int)
    /// The daemon refused the request, and why.
    case refused(String)

    /// The failure of the system call that has just returned.
    public static func lastSystemError(_ call: String) -> ControlError { .system(call: call, errno: errno) }

    public var description: String {
        switch self {
        case .system(let call, let errno): "\(call): \(String(cString: strerror(errno)))"
        case .closed: "the daemon's control connection was closed"
        case .timedOut: "no answer in time"
        case .untrustedPeer(let user): "the other end runs as user \(user)"
        case .tooLong(let length): "a message of \(length) bytes is too long"
        case .malformed(let what): "malformed message: \(what)"
        case .versionMismatch(let version): "the other end speaks version \(version), not \(TunnelControl.version)"
        case .refused(let reason): reason
        }
    }
}

/// Owns a file descriptor: closes it when the last holder goes, unless it was given away.
public final class OwnedDescriptor {
    private var descriptor: Int32

    public init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { if descriptor >= 0 { close(descriptor) } }

    /// -1 once given away.
    public var rawValue: Int32 { descriptor }

    /// Gives the descriptor away: from now on it is the caller's to close.
    public func take() -> Int32 {
        let taken = descriptor
        descriptor = -1
        return taken
    }
}
