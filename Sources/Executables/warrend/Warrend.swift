import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import WarrenAPI
import WarrenBuild
import WarrenController
import WarrenLogs
import WarrenModel
import WarrenNotify

@main
struct Warrend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warrend",
        abstract: "The controller of a mesh: keeps its inventory, serves its agents and its operators.",
        discussion: "Its state in one file, and back: 'warren backup' and 'warren restore'.",
        version: Build.current.line)

    @Option(help: ArgumentHelp("Folder of the controller's state, mode 0700.", valueName: "dir"))
    var state = "/var/lib/warren"

    @Option(help: ArgumentHelp("Unix socket of the operators' API.", valueName: "path"))
    var apiSocket = "/run/warren/api.sock"

    @Option(help: ArgumentHelp("Where enrolled agents connect; [::]:PORT takes both families.", valueName: "address:port"))
    var agentListen = Endpoint(address: IPAddress(v4: 0), port: AgentListeners.defaultLinkPort)

    @Option(help: ArgumentHelp("Where agents enrol.", valueName: "address:port"))
    var enrolListen = Endpoint(address: IPAddress(v4: 0), port: AgentListeners.defaultEnrolmentPort)

    @Option(
        help: ArgumentHelp(
            "Serve the API on TLS too, to whoever holds the token in the state's file 'api-token'.", valueName: "address:port"))
    var apiListen: Endpoint?

    @Option(
        help: ArgumentHelp(
            "A DNS name or address by which this controller is reached; may be repeated. The first goes into tokens.",
            valueName: "host"))
    var name: [String] = []

    @Option(
        help: ArgumentHelp(
            "A DNS name by which operators and browsers ask for the API; may be repeated. Those of --name are known, too.",
            valueName: "host"))
    var apiName: [String] = []

    @Option(
        help: ArgumentHelp(
            "Serve API and dashboard on HTTP in the clear, on a loopback address, for a browser on this machine.",
            valueName: "address:port"))
    var dashboardListen: Endpoint?

    @Option(
        help: ArgumentHelp(
            "How long an agent's certificate holds: 12h, 30d. The agent renews it in the last third, over its session.",
            valueName: "time"))
    var certificateLifetime = CertificateLifetime(seconds: UInt32(CertificateAuthority.agentLifetime))

    @Option(
        help: ArgumentHelp(
            "How far the history of links and events reaches back: 12h, 60d. Samples of links: every 10 s for two hours, every "
                + "minute for two days, every 15 minutes for the rest.", valueName: "time"))
    var historyRetention = HistoryRetention(seconds: 60 * 86_400)

    @Option(
        help: ArgumentHelp(
            "Tell this address, by a POST, of links that go down or come up and of roll-outs that halt; may be repeated.",
            valueName: "url"))
    var webhook: [String] = []

    @Option(
        help: ArgumentHelp(
            "Sign what webhooks are told, with HMAC-SHA256 and the secret in this file, which nobody else may read.",
            valueName: "path"))
    var webhookSecretFile: String?

    @Option(help: "How log lines look: logfmt or json.")
    var logFormat = LogFormat.logfmt

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = Logger.Level.info

    func validate() throws {
        for url in webhook where Webhook(url: url, secret: nil) == nil {
            throw ValidationError("'\(url)' is not an http or https URL")
        }
        if webhookSecretFile != nil, webhook.isEmpty { throw ValidationError("--webhook-secret-file needs a --webhook") }
        for name in name + apiName where IPAddress(name) == nil && !Self.isDNSName(name) {
            throw ValidationError("'\(name)' is neither an IP address nor a DNS name")
        }
    }

    private static func isDNSName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy {
                        (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45
                    }
            }
    }

    func run() async throws {
        umask(0o077)
        let (format, level) = (logFormat, logLevel)
        LoggingSystem.bootstrap { StructuredLogHandler(label: $0, format: format, level: level, time: true) }
        do {
            try await serve(log: Logger(label: "warrend"))
        } catch let error as ControllerError {
            throw CleanExit.error(error)
        }
    }

    private func serve(log: Logger) async throws {
        let enrolmentAddress = name.first.map { host in
            IPAddress(host).map { Endpoint(address: $0, port: enrolListen.port).description } ?? "\(host):\(enrolListen.port)"
        }
        let controller = try await Controller(
            directory: state,
            options: .init(
                names: name, enrolmentAddress: enrolmentAddress, agentLifetime: TimeInterval(certificateLifetime.seconds),
                historyRetention: TimeInterval(historyRetention.seconds), recentLog: { LogTail.process.text }),
            log: log)
        let listeners = try AgentListeners(controller: controller, link: agentListen, enrolment: enrolListen)
        let api = API(controller: controller, names: apiName, log: log)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        var services: [any Service] = [
            listeners, api.onSocket(path: apiSocket) { opening.yield() },
        ]
        if let dashboardListen { services.append(try api.onLoopback(dashboardListen) { _ in opening.yield() }) }
        if let apiListen { services.append(try api.onTLS(apiListen) { _ in opening.yield() }) }
        let operators = services.count - 1
        if !webhook.isEmpty { services.append(try await Notifier(webhooks(), controller: controller, log: log)) }
        let announcement = Task {
            // Each of the API's listeners tells once that it is open; the agents' ports are known when they are.
            var closed = operators
            for await _ in opened {
                closed -= 1
                if closed == 0 { break }
            }
            try Task.checkCancellation()
            _ = try await listeners.ports
            var places: Logger.Metadata = [
                "agents": "\(agentListen)", "enrolment": "\(enrolListen)", "api": "\(apiSocket)", "state": "\(state)",
            ]
            if let apiListen { places["api-tls"] = "\(apiListen)" }
            if let dashboardListen { places["dashboard"] = "\(dashboardListen)" }
            log.info("serving", metadata: places)
        }
        defer { announcement.cancel() }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        try await group.run()
    }
}

extension Warrend {
    /// The addresses to be told, with their secret.
    private func webhooks() throws -> [Webhook] {
        let secret = try webhookSecretFile.map { path in
            guard let bytes = try StateDirectory.readSecret(at: path) else {
                throw ControllerError.stateDirectory(path, "is not there")
            }
            // As an editor leaves it, with a line's end that is no part of it.
            let trimmed = bytes.reversed().drop { $0 == 10 || $0 == 13 }.reversed()
            guard trimmed.count >= 16 else {
                throw ControllerError.stateDirectory(path, "holds less than 16 bytes: too few for a secret")
            }
            return SecretBytes(Array(trimmed))
        }
        return webhook.compactMap { Webhook(url: $0, secret: secret) }
    }
}

extension LogFormat: ExpressibleByArgument {}

extension CleanExit {
    /// A failure that its own sentence explains, without a usage text.
    static func error(_ error: ControllerError) -> any Error {
        FileHandle.standardError.write(Data("warrend: \(error)\n".utf8))
        return ExitCode.failure
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

extension Endpoint: ExpressibleByArgument {
    /// `192.0.2.1:7443` or `[2001:db8::1]:7443`.
    public init?(argument: String) { self.init(argument) }

    public var defaultValueDescription: String { description }
}
