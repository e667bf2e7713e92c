import ArgumentParser
import WarrenClient
import WarrenModel

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Let a new gateway's agent enrol.", subcommands: [CreateTokenCommand.self])
}

struct CreateTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token with which one agent may enrol once, for one site.",
        discussion: """
            The site must be in the applied inventory. Whoever holds the token can be that site's gateway until it is used or \
            expires: hand it over as a secret, and give it to 'warren-agent enrol' by file or standard input, never as an \
            argument. Tokens that were made for the site before, and that nobody has used, are good no more.
            """)

    @Argument(help: "The site that the agent is for.")
    var site: SiteName

    @Option(help: "How long the token can be used: 15m, 1h, 2d.")
    var lifetime = TimeSpan(seconds: 3600)

    @Option(
        help: ArgumentHelp("Write the token to a new file that only you can read, instead of printing it.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let site = site, seconds = lifetime.seconds
        let file = try output.map { try NewSecretFile($0) }
        do {
            let token = try await controller.withClient(about: [site]) {
                try await $0.createToken(for: site, lifetimeSeconds: seconds)
            }
            if let file {
                try file.write(token.token)
                Terminal.note(
                    "\(file.path): a token for \(site), good for \(TimeSpan(seconds: max(1, token.expiresInSeconds)))")
            } else {
                Terminal.show(token.token)
                Terminal.note("for \(site), good for \(TimeSpan(seconds: max(1, token.expiresInSeconds))), once")
            }
        } catch {
            file?.remove()
            throw error
        }
    }
}
