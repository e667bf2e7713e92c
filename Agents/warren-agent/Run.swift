import AgentCore
import AgentRuntime
import ArgumentParser
import DataPlane
import EmbeddedDataPlane
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import WarrenLogs
import WarrenModel

extension WarrenAgent {
    /// `warren-agent run`: the agent itself, in the foreground.
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs the agent until SIGTERM or SIGINT; the tunnels stay when it ends.")

        @OptionGroup var state: StateOptions
        @OptionGroup var logging: LogOptions

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Where the controller serves agents; by default, the host that the agent enrolled with.",
                valueName: "host:port"))
        var controller: String?

        @Option(name: .long, help: "The data plane to drive: embedded.")
        var platform = Platform.embedded.rawValue

        @Option(
            name: .long,
            help: ArgumentHelp("The warren-tunneld program; by default, the one beside this program.", valueName: "path"))
        var tunneld: String?

        @Option(name: .long, help: "What warren-tunneld runs as: NAME, UID or UID:GID.")
        var tunneldUser = "warren-tunneld"

        @Option(
            name: .long,
            help: ArgumentHelp(
                "warren-tunneld's packet threads, 1 to 8. The others carry where UDP reaches the peer's port 4500 from any port.",
                valueName: "number"))
        var tunneldQueues = 1

        @Option(name: .long, help: ArgumentHelp("Where warren-tunneld writes its log; by default here.", valueName: "path"))
        var tunneldLog: String?

        @Option(
            name: .long, help: ArgumentHelp("warren-tunneld's control socket, in a directory of its own.", valueName: "path"))
        var controlSocket = "/run/warren-agent/control.sock"

        @Option(
            name: .long,
            help: "What to do when somebody changed the gateway by hand: repair it, or report it and touch nothing.")
        var drift = DriftPolicy.repair

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Serve this gateway's metrics to Prometheus, to whoever asks: name a loopback or an inner address.",
                valueName: "address:port"))
        var metrics: String?

        func validate() throws {
            let range = EmbeddedDataPlaneConfiguration.queueRange
            guard range.contains(tunneldQueues) else {
                throw ValidationError("--tunneld-queues takes a number from \(range.lowerBound) to \(range.upperBound)")
            }
        }

        func run() async throws {
            guard geteuid() == 0 else {
                throw AgentError(.invalid, "warren-agent run must be root: it makes interfaces, routes and firewall rules")
            }
            let isNumber = tunneldUser.utf8.first.map { (48...57).contains($0) } ?? false
            guard isNumber || getpwnam(tunneldUser) != nil else {
                throw AgentError(
                    .invalid,
                    "there is no user '\(tunneldUser)' for warren-tunneld: make it with 'useradd --system \(tunneldUser)', or "
                        + "name another with --tunneld-user")
            }
            let log = logging.logger()
            let directory = try state.directory()
            guard let lock = try StateLock(directory) else {
                throw AgentError(.invalid, "another warren-agent runs on \(directory.path)")
            }
            guard let identity = try AgentIdentity.load(from: directory) else {
                throw AgentError(.invalid, "this gateway is not enrolled: run 'warren-agent enrol' first")
            }
            let address = try address(for: identity)
            let metricsEndpoint = try metrics.map { text in
                guard let endpoint = Endpoint(text) else { throw ValidationError("'\(text)' is not ADDRESS:PORT") }
                return endpoint
            }
            let prober = try Prober()
            let agent = Agent(
                site: identity.site, driver: try driver(log), directory: directory, prober: prober,
                driftPolicy: drift, log: log, recentLog: { LogTail.process.text })
            let session = ControllerSession(
                agent: agent, identity: identity, address: address, directory: directory, log: log)
            log.info(
                "warren-agent \(AgentProgram.version)",
                metadata: ["site": "\(identity.site)", "mesh": "\(identity.mesh)", "controller": "\(address)"])
            let control = localControl(agent, directory, log)
            prober.start()
            let services = ServiceGroup(
                services: [
                    Running { await agent.run() }, Running { await session.run() }, Running { await control?.run() },
                    Running { await serveMetrics(of: agent, at: metricsEndpoint, log) },
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
            try await services.run()
            withExtendedLifetime(lock) { log.info("ended; the tunnels stay") }
        }

        /// Without it the gateway cannot be rolled back by hand while the agent runs; nothing else is lost.
        private func localControl(_ agent: Agent, _ directory: StateDirectory, _ log: Logger) -> LocalControl? {
            do { return try LocalControl(agent: agent, directory: directory, log: log) } catch {
                log.warning("'warren-agent rollback' will not reach this agent", metadata: ["reason": "\(error)"])
                return nil
            }
        }

        /// Without them nothing else is lost.
        private func serveMetrics(of agent: Agent, at endpoint: Endpoint?, _ log: Logger) async {
            guard let endpoint else { return await Self.untilCancelled() }
            do { try await MetricsListener(agent: agent, endpoint: endpoint, log: log).run() } catch {
                log.error("metrics cannot be served", metadata: ["address": "\(endpoint)", "reason": "\(error)"])
                await Self.untilCancelled()
            }
        }

        private static func untilCancelled() async {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
        }

        private func address(for identity: AgentIdentity) throws -> ControllerAddress {
            guard let controller else { return ControllerAddress.agents(of: identity) }
            guard let address = ControllerAddress(agents: controller) else {
                throw ValidationError("'\(controller)' is not HOST:PORT")
            }
            return address
        }

        private func driver(_ log: Logger) throws -> any DataPlaneDriver {
            guard platform == Platform.embedded.rawValue else {
                throw ValidationError("this build drives the data plane 'embedded' only, not '\(platform)'")
            }
            let beside = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "warren-tunneld").path
            let path = tunneld ?? beside ?? "/usr/sbin/warren-tunneld"
            guard access(path, X_OK) == 0 else {
                throw AgentError(.invalid, "\(path) is not a program: name warren-tunneld with --tunneld PATH")
            }
            return EmbeddedDataPlaneDriver(
                configuration: EmbeddedDataPlaneConfiguration(
                    daemonPath: path, controlPath: controlSocket, daemonUser: tunneldUser,
                    daemonLogLevel: logging.logLevel.rawValue, daemonQueues: tunneldQueues, daemonLogPath: tunneldLog),
                logger: log)
        }
    }
}

extension DriftPolicy: ExpressibleByArgument {}

/// Work that ends by cancellation, as a service that a signal ends.
private struct Running: Service {
    let work: @Sendable () async -> Void
    func run() async throws { await cancelWhenGracefulShutdown { await work() } }
}
