import ArgumentParser
import ESP
import Logging
import Tunnel
import WarrenBuild
import WarrenLogs

struct TunneldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warren-tunneld",
        abstract: "The packet path and IKE daemon of a gateway with the embedded data plane.",
        discussion: "Started by warren-agent, which tells it over the control socket what to run.",
        version: Build.current.line)

    @Option(help: "Path of the control socket; its folder must be root's, mode 0700.")
    var control = "/run/warren/tunneld/control.sock"

    @Option(help: "The user to become after start: a name, or UID, or UID:GID.")
    var user = TunnelUser.nobody

    @Option(
        help: "Who computes the ciphers: auto (the fastest for this processor), ipsec-mb, boringssl or libcrypto.")
    var ciphers = CipherLibrary.auto

    @Option(help: "Packet threads, 1 to 8. The others carry where UDP reaches the peer's port 4500 from any port.")
    var queues = 1

    @Option(help: "The least level that is logged to standard error: trace, debug, info, notice, warning, error.")
    var logLevel = Logger.Level.info

    func validate() throws {
        guard TunnelOptions.queueRange.contains(queues) else {
            throw ValidationError("--queues takes a number from 1 to \(PacketQueues.maximum)")
        }
    }

    func run() throws {
        // Started by the agent, whose log it is part of.
        let handler = StructuredLogHandler(level: logLevel)
        let logger = Logger(label: "warren-tunneld") { _ in handler }
        do {
            let options = TunnelOptions(controlPath: control, user: user, ciphers: ciphers, queues: queues)
            try runTunnelDaemon(options, logger: logger)
        } catch {
            logger.critical("\(error)")
            throw ExitCode.failure
        }
    }
}

extension TunnelUser: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension CipherLibrary: ExpressibleByArgument {}

extension Logger.Level: @retroactive ExpressibleByArgument {}

TunneldCommand.main()
