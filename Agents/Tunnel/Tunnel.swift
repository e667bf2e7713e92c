import CWarrenSystem
import ESP
import Logging
import TunnelControl
import WarrenFailpoints

#if canImport(Glibc)
    import Glibc
#endif

/// How `warren-tunneld` is started.
public struct TunnelOptions: Sendable {
    /// Where the agent reaches the daemon. The folder is made when it is missing, for root alone.
    public var controlPath: String
    /// What the daemon becomes once it has its sockets.
    public var user: TunnelUser
    /// Who computes the ciphers of packets.
    public var ciphers: CipherLibrary
    /// Packet threads, each with a queue of every tunnel and with SAs of its own.
    public var queues: Int

    public static let queueRange = 1...PacketQueues.maximum

    public init(controlPath: String, user: TunnelUser, ciphers: CipherLibrary = .auto, queues: Int = 1) {
        self.ciphers = ciphers
        self.queues = queues
        self.controlPath = controlPath
        self.user = user
    }
}

/// Why the daemon could not start.
public struct TunnelStartError: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }

    /// The failure of the system call that has just returned.
    static func lastSystemError(_ what: String) -> TunnelStartError {
        TunnelStartError("\(what): \(String(cString: strerror(errno)))")
    }
}

/// The whole life of the daemon: take what only root may have, give up root, serve until told to end.
public func runTunnelDaemon(_ options: TunnelOptions, logger: Logger) throws {
    let terminations = warren_termination_signals()
    guard terminations >= 0 else { throw TunnelStartError.lastSystemError("signalfd") }
    guard geteuid() == 0 else {
        throw TunnelStartError("warren-tunneld must be started by root: it binds UDP 500 and 4500, then gives up root")
    }
    let sockets = try DaemonSockets(queues: options.queues)
    try prepareControlFolder(of: options.controlPath)
    let listener = try TunnelControlListener(path: options.controlPath, user: 0)
    // Its file is read now, with the rights to.
    let ciphers = PacketCipher.name(of: options.ciphers)
    try giveUpRights(options)
    let daemon = try TunnelDaemon(
        sockets: sockets, listener: listener, terminations: terminations, ciphers: options.ciphers, logger: logger)
    logger.info(
        "started",
        metadata: [
            "user": "\(options.user)", "control": "\(options.controlPath)", "pid": "\(getpid())",
            "queues": "\(options.queues)", "ciphers": "\(ciphers)",
        ])
    try daemon.run(whenReady: announceReadiness)
    logger.info("ended")
}

/// Writes `ready` to standard output, once, and then lets go of it: who started the daemon may wait for that.
private func announceReadiness() {
    Failpoint.tunnelServing.pass()
    _ = write(STDOUT_FILENO, "ready\n", 6)
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard null >= 0 else { return }
    dup2(null, STDOUT_FILENO)
    close(null)
}

/// Makes the control socket's folder, or checks that the one there is root's and nobody else may enter it.
private func prepareControlFolder(of path: String) throws {
    guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
        throw TunnelStartError("the control socket must be an absolute path inside a folder: \(path)")
    }
    let folder = String(path[..<slash])
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw TunnelStartError.lastSystemError("mkdir \(folder)") }
    var status = stat()
    guard lstat(folder, &status) == 0 else { throw TunnelStartError.lastSystemError("stat \(folder)") }
    guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == 0, status.st_mode & 0o077 == 0 else {
        throw TunnelStartError("\(folder) must be a folder of root with mode 0700")
    }
}

private func giveUpRights(_ options: TunnelOptions) throws {
    guard warren_drop_privileges(options.user.user, options.user.group) == 0 else {
        throw TunnelStartError.lastSystemError("giving up root for \(options.user)")
    }
    guard warren_deny_system_calls() == 0 else { throw TunnelStartError.lastSystemError("seccomp") }
}
