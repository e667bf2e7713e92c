import ArgumentParser
import Foundation
import WarrenClient
import WarrenModel

/// Which controller a command speaks to, and how much it says meanwhile.
struct ControllerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The controller's unix socket. (default: WARREN_SOCKET, a profile, or \(ControllerAddress.defaultSocket))",
            valueName: "path"), completion: .file())
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "A controller elsewhere: https://HOST:PORT, with --token-file. (default: WARREN_URL, or a profile)",
            valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "The file with the operator's token for --url. (default: WARREN_TOKEN_FILE, or the profile's)", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "The authority's certificate to trust for --url (PEM). (default: WARREN_CA, the profile's, or the system's)",
            valueName: "file"), completion: .file(extensions: ["pem", "crt"]))
    var ca: String?

    @Option(
        help: ArgumentHelp(
            "A controller of the settings. (default: WARREN_PROFILE, or the one in use)", valueName: "name"),
        completion: .custom { _, _, _ in NameCompletion.profiles() })
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "The file of settings. (default: WARREN_CONFIG, or ~/.config/warren/config.yaml)", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    func validate() throws {
        guard [socket, url, profile].count(where: { $0 != nil }) <= 1 else {
            throw ValidationError("--socket, --url and --profile each name a controller: give one.")
        }
        if socket != nil, tokenFile != nil || ca != nil {
            throw ValidationError("--token-file and --ca go with --url or a profile, not with --socket.")
        }
    }

    /// By an option.
    var isGiven: Bool { socket != nil || url != nil || profile != nil }

    /// The controller that the operator named, and by what; nil when by nothing.
    func choice() throws -> (address: ControllerAddress, origin: ControllerChoice.Origin)? {
        let environment = ProcessInfo.processInfo.environment
        let choice = ControllerChoice(socket: socket, url: url, tokenFile: tokenFile, ca: ca, profile: profile)
        return try choice.resolve(environment: environment) {
            let file = SettingsFile(option: config, environment: environment)
            return (try file?.load() ?? Settings(), file)
        }
    }

    var named: ControllerAddress? { get throws { try choice()?.address } }

    var address: ControllerAddress { get throws { try named ?? .socket(path: ControllerAddress.defaultSocket) } }

    /// Lends a client of that controller.
    ///
    /// - Parameters:
    ///   - sites: what the operator called the sites that it is about: a name that the controller does not know is answered
    ///     with the nearest that it does.
    ///   - silenceSeconds: how long an answer may pause.
    @discardableResult
    func withClient<Result: Sendable>(
        about sites: [SiteName] = [], silenceSeconds: Int64 = 60,
        _ body: @Sendable (ControllerClient) async throws -> Result
    ) async throws -> Result {
        try await ControllerClient.withClient(of: try address, silenceSeconds: silenceSeconds) { client in
            do {
                return try await body(client)
            } catch let error as ClientError where error.code == .absent && !sites.isEmpty {
                throw await Self.unknownSite(among: sites, client) ?? error
            }
        }
    }

    /// What is wrong with the first of these sites that the mesh does not have; nil when it has them all, or does not tell.
    static func unknownSite(among sites: [SiteName], _ client: ControllerClient) async -> (any Error)? {
        guard let known = try? await client.siteNames(), let missing = sites.first(where: { !known.contains($0) }) else {
            return nil
        }
        let hint = Suggestion.question(missing.description, among: known.map(\.description))
        return CommandFailure("the mesh has no site '\(missing)'\(hint): 'warren status' lists the sites")
    }
}

extension SiteName: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public static var defaultCompletionKind: CompletionKind {
        .custom { words, _, _ in await NameCompletion.sites(in: words) }
    }
}

/// A length of time on the command line: `90s`, `15m`, `1h`, `2d`, or a number of seconds.
struct TimeSpan: ExpressibleByArgument, Hashable, CustomStringConvertible {
    let seconds: UInt32

    init(seconds: UInt32) { self.seconds = seconds }

    init?(argument: String) {
        let factors: [Character: UInt32] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        let factor = argument.last.flatMap { factors[$0] }
        let digits = factor == nil ? argument[...] : argument.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(digits) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor ?? 1)
        guard !overflow, product > 0 else { return nil }
        seconds = product
    }

    var duration: Duration { .seconds(Int64(seconds)) }
    var description: String {
        for (unit, factor) in [("d", UInt32(86400)), ("h", 3600), ("m", 60)] where seconds % factor == 0 {
            return "\(seconds / factor)\(unit)"
        }
        return "\(seconds)s"
    }
    var defaultValueDescription: String { description }
}
