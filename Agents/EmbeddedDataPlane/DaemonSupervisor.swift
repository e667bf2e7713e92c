import CWarrenSystem
import DataPlane
import Dispatch
import Logging
import TunnelControl

#if canImport(Glibc)
    import Glibc
#endif

/// Finds or starts `warren-tunneld`, talks to it, and notices its death at once: a process descriptor tells, also of a
/// daemon that another agent process started.
///
/// Unchecked, for it belongs to the driver's queue: all calls come from there, and the process's end is told there.
final class DaemonSupervisor: @unchecked Sendable {
    private let configuration: EmbeddedDataPlaneConfiguration
    private let tools: NetworkTools
    private let logger: Logger
    private let queue: DispatchQueue
    private let failure: FailureSignal

    private var client: TunnelControlClient?
    private var watch: (any DispatchSourceRead)?
    private var child: pid_t?
    private var lastStart: ContinuousClock.Instant?
    private var quickDeaths = 0

    private static let startTimeoutMilliseconds: Int32 = 10_000
    private static let quickDeath: Duration = .seconds(5)
    private static let longestPause: Duration = .seconds(4)

    init(
        configuration: EmbeddedDataPlaneConfiguration, tools: NetworkTools, logger: Logger, queue: DispatchQueue,
        failure: FailureSignal
    ) {
        self.configuration = configuration
        self.tools = tools
        self.logger = logger
        self.queue = queue
        self.failure = failure
    }

    deinit { watch?.cancel() }

    /// How long to wait before `connectOrStart`, lest a daemon that dies at once is started without end. Doubles with each.
    var pauseBeforeStart: Duration {
        guard client == nil, quickDeaths > 1 else { return .zero }
        return min(Self.longestPause, .milliseconds(250) * (1 << min(quickDeaths - 2, 5)))
    }

    /// True when this made a new connection, so that what the daemon has must be looked at anew.
    func connectOrStart() throws(DataPlaneError) -> Bool {
        guard client == nil else { return false }
        do { try connect() } catch {
            switch error {
            case .system: break
            case .versionMismatch, .refused, .malformed, .closed, .timedOut: try endUnusableDaemon(because: error)
            default: throw DataPlaneError(.unavailable, "\(error)")
            }
            try start()
            do { try connect() } catch { throw DataPlaneError(.unavailable, "\(error)") }
        }
        failure.clear()
        return true
    }

    @discardableResult
    func call(_ request: TunnelControl.Request, descriptors: [OwnedDescriptor] = []) throws(DataPlaneError)
        -> TunnelControl.Response
    {
        guard let client else { throw DataPlaneError(.unavailable, "warren-tunneld does not run") }
        do {
            return try client.call(request, descriptors: descriptors.map(\.rawValue))
        } catch .refused(let reason) {
            throw DataPlaneError(.refused, reason)
        } catch {
            lost("\(error)")
            throw DataPlaneError(.unavailable, "\(error)")
        }
    }

    /// How many queues of each device the daemon has use for.
    var queues: Int { client?.queues ?? 1 }

    func observe() throws(DataPlaneError) -> TunnelControl.Observation {
        guard case .observation(let observation) = try call(.observe) else {
            throw DataPlaneError(.unavailable, "warren-tunneld gave no observation")
        }
        return observation
    }

    /// Of the UDP ports of IKE and ESP, those that are bound where the daemon runs, or would; nil when that cannot be seen.
    var boundPorts: [UInt16]? {
        guard client != nil || configuration.networkNamespace == nil else { return nil }
        let process = client.map { "\($0.processID)" } ?? "self"
        return KernelSockets.boundPorts(among: [500, 4500], ofProcess: process)
    }

    func shutDown() throws(DataPlaneError) {
        guard let client else { return }
        watch?.cancel()
        watch = nil
        let process = OwnedDescriptor(warren_process_descriptor(client.processID))
        try call(.shutdown)
        self.client = nil
        try awaitEnd(of: process)
        reap()
    }

    private func connect() throws(ControlError) {
        let client = try TunnelControlClient(path: configuration.controlPath)
        let process = warren_process_descriptor(client.processID)
        guard process >= 0 else { throw ControlError.lastSystemError("pidfd_open") }
        let source = DispatchSource.makeReadSource(fileDescriptor: process, queue: queue)
        let processID = client.processID
        source.setEventHandler { @Sendable [weak self] in
            // One that was already on its way when another daemon took over says nothing of that one.
            guard let self, self.client?.processID == processID else { return }
            lost("the process has ended")
        }
        source.setCancelHandler { @Sendable in close(process) }
        source.resume()
        watch = source
        self.client = client
    }

    private func lost(_ reason: String) {
        guard client != nil else { return }
        logger.warning("warren-tunneld is lost", metadata: ["reason": "\(reason)"])
        client = nil
        watch?.cancel()
        watch = nil
        if let lastStart, ContinuousClock.now - lastStart < Self.quickDeath { quickDeaths += 1 } else { quickDeaths = 1 }
        failure.raise()
    }

    /// Starts the daemon in a session of its own and returns once it serves.
    private func start() throws(DataPlaneError) {
        reap()
        lastStart = .now
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw NetworkTools.refused("pipe") }
        let readiness = OwnedDescriptor(ends[0]), announcement = OwnedDescriptor(ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let null = OwnedDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC))
        let log = try openLog()
        let arguments = try tools.command([
            configuration.daemonPath, "--control", configuration.controlPath, "--user", configuration.daemonUser,
            "--log-level", configuration.daemonLogLevel, "--queues", "\(configuration.daemonQueues)",
        ])
        child = try NetworkTools.spawn(
            arguments, input: null.rawValue, output: announcement.rawValue, error: log?.rawValue ?? STDERR_FILENO,
            newSession: true)
        // Only the daemon may hold this end now: its death shows as the end of the file.
        close(announcement.take())
        var entry = pollfd(fd: readiness.rawValue, events: Int16(POLLIN), revents: 0)
        var byte: UInt8 = 0
        guard poll(&entry, 1, Self.startTimeoutMilliseconds) > 0, read(readiness.rawValue, &byte, 1) == 1 else {
            quickDeaths += 1
            throw DataPlaneError(.unavailable, "warren-tunneld did not start; its log says why")
        }
        logger.info("started warren-tunneld", metadata: ["pid": "\(child ?? 0)"])
    }

    private func openLog() throws(DataPlaneError) -> OwnedDescriptor? {
        guard let path = configuration.daemonLogPath else { return nil }
        let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw NetworkTools.refused("opening \(path)") }
        return OwnedDescriptor(log)
    }

    /// A daemon that listens but cannot be talked with: of another version, or stuck. It is told to end, then made to.
    private func endUnusableDaemon(because error: ControlError) throws(DataPlaneError) {
        let connection = OwnedDescriptor(warren_control_connect(configuration.controlPath))
        var user = uid_t.max
        var process: pid_t = -1
        guard connection.rawValue >= 0, warren_peer_credentials(connection.rawValue, &user, &process) == 0, process > 1,
            user == 0
        else { return }
        let descriptor = OwnedDescriptor(warren_process_descriptor(process))
        guard descriptor.rawValue >= 0 else { return }
        logger.warning("replacing warren-tunneld", metadata: ["pid": "\(process)", "reason": "\(error)"])
        kill(process, SIGTERM)
        do { try awaitEnd(of: descriptor) } catch {
            kill(process, SIGKILL)
            try awaitEnd(of: descriptor)
        }
        reap()
    }

    private func awaitEnd(of process: OwnedDescriptor) throws(DataPlaneError) {
        guard process.rawValue >= 0 else { return }
        var entry = pollfd(fd: process.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Self.startTimeoutMilliseconds) > 0 else {
            throw DataPlaneError(.unavailable, "warren-tunneld does not end")
        }
    }

    /// Waits for our own child that is known to have ended, or never became ready; others are init's.
    private func reap() {
        guard let child else { return }
        let descriptor = OwnedDescriptor(warren_process_descriptor(child))
        if (try? awaitEnd(of: descriptor)) == nil { kill(child, SIGKILL) }
        _ = warren_wait(child)
        self.child = nil
    }
}
