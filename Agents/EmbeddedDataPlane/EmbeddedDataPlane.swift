import AgentCore
import CWarrenSystem
import DataPlane
import Dispatch
import Logging
import WarrenModel
import WarrenPlan

/// Where the embedded data plane's parts are.
public struct EmbeddedDataPlaneConfiguration: Sendable {
    /// The `warren-tunneld` program.
    public var daemonPath: String
    /// Its control socket; the folder is root's alone.
    public var controlPath: String
    /// What the daemon runs as: `NAME`, `UID` or `UID:GID`.
    public var daemonUser: String
    public var daemonLogLevel: String
    /// Its packet threads: at most as many as queues of a device can be handed over at once.
    public var daemonQueues: Int
    public static let queueRange = 1...WARREN_MOST_DESCRIPTORS
    /// Where the daemon's log goes; nil: to this process's standard error.
    public var daemonLogPath: String?
    /// The network namespace, as `ip netns` names it, in which everything happens; nil: this process's own.
    public var networkNamespace: String?

    public init(
        daemonPath: String, controlPath: String = "/run/warren/tunneld/control.sock", daemonUser: String = "65534:65534",
        daemonLogLevel: String = "info", daemonQueues: Int = 1, daemonLogPath: String? = nil,
        networkNamespace: String? = nil
    ) {
        self.daemonPath = daemonPath
        self.controlPath = controlPath
        self.daemonUser = daemonUser
        self.daemonLogLevel = daemonLogLevel
        self.daemonQueues = daemonQueues
        self.daemonLogPath = daemonLogPath
        self.networkNamespace = networkNamespace
    }
}

/// The driver of the embedded data plane: TUN devices, addresses, routes and nftables in the kernel, the rest in
/// `warren-tunneld`, which it starts, watches, and leaves running when it goes.
///
/// All work happens in order on one queue of its own, for it blocks.
public final class EmbeddedDataPlaneDriver: DataPlaneDriver {
    private let queue = DispatchQueue(label: "warren.embedded-data-plane")
    private let failure = FailureSignal()
    /// Touched on `queue` alone.
    nonisolated(unsafe) private let gateway: EmbeddedGateway

    public init(configuration: EmbeddedDataPlaneConfiguration, logger: Logger) {
        gateway = EmbeddedGateway(configuration: configuration, logger: logger, queue: queue, failure: failure)
    }

    public func prepare() async throws(DataPlaneError) {
        let pause = try await onQueue { gateway in gateway.daemon.pauseBeforeStart }
        if pause > .zero { try? await Task.sleep(for: pause) }
        try await onQueue { gateway throws(DataPlaneError) in try gateway.prepare() }
    }

    public func observe() async throws(DataPlaneError) -> ObservedState {
        try await onQueue { gateway throws(DataPlaneError) in try gateway.observe() }
    }

    public func evidence(of peer: SiteName, at outer: AddressPair) async throws(DataPlaneError) -> LinkEvidence {
        try await onQueue { gateway throws(DataPlaneError) in try gateway.evidence(of: peer, at: outer) }
    }

    public func perform(
        _ operation: AgentCore.Operation, keys: [PSKReference: PreSharedKey]
    ) async throws(DataPlaneError) {
        try await onQueue { gateway throws(DataPlaneError) in try gateway.perform(operation, keys: keys) }
    }

    public func waitForFailure() async { await failure.wait() }

    /// Asks the peer for a new child SA or IKE SA now.
    public func rekey(_ peer: SiteName, ike: Bool) async throws(DataPlaneError) {
        try await onQueue { gateway throws(DataPlaneError) in
            _ = try gateway.daemon.call(.rekey(peer, ike ? .ike : .child))
        }
    }

    /// Ends the daemon, which deletes its SAs at the peers first. Devices and routes stay: nothing leaves in the clear.
    public func shutDownDaemon() async throws(DataPlaneError) {
        try await onQueue { gateway throws(DataPlaneError) in try gateway.daemon.shutDown() }
    }

    /// The packets that the daemon dropped since its start, by reason.
    public func drops() async throws(DataPlaneError) -> [String: UInt64] {
        try await onQueue { gateway throws(DataPlaneError) in try gateway.daemon.observe().drops }
    }

    private func onQueue<Value: Sendable>(
        _ body: @escaping @Sendable (EmbeddedGateway) throws(DataPlaneError) -> Value
    ) async throws(DataPlaneError) -> Value {
        let result: Result<Value, DataPlaneError> = await withCheckedContinuation { continuation in
            queue.async { [self] in
                continuation.resume(returning: Result { () throws(DataPlaneError) in try body(gateway) })
            }
        }
        return try result.get()
    }
}
