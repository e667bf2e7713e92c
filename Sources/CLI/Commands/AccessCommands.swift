import ArgumentParser
import Foundation
import WarrenAPIModel
import WarrenClient
import WarrenModel

struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access",
        abstract: "Who may use the controller's API from elsewhere.",
        discussion: """
            A viewer reads; an operator also changes the mesh and lets agents enrol; an admin also revokes agents, and makes and \
            revokes these tokens. Whoever may open the controller's unix socket is an admin, and so is whoever holds its file \
            'api-token'.
            """,
        subcommands: [
            CreateAccessCommand.self, ListAccessCommand.self, RevokeAccessCommand.self, WhoAmICommand.self,
        ])
}

struct CreateAccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token for a person or a program.",
        discussion: """
            It is shown this once: the controller keeps only its hash. 'warren --url URL --token-file FILE' uses it, and so does \
            the dashboard.
            """)

    @Argument(help: "Whose it is: 1 to 64 of letters, digits and .-_@.")
    var name: String

    @Option(help: "viewer, operator or admin.")
    var role: AccessRole

    @Option(help: ArgumentHelp("How long it can be used: 12h, 90d. (default: until it is revoked)", valueName: "time"))
    var expires: TimeSpan?

    @Option(
        help: ArgumentHelp("Write the token to a new file that only you can read, instead of printing it.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let name = name, role = role, seconds = expires?.seconds
        let file = try output.map { try NewSecretFile($0) }
        do {
            let made = try await controller.withClient {
                try await $0.createAccessToken(named: name, role: role, lifetimeSeconds: seconds)
            }
            let summary =
                "\(role.rawValue) '\(name)', " + (made.details.expiresAt.map { "until \($0)" } ?? "until it is revoked")
            if let file {
                try file.write(made.token)
                Terminal.note("\(file.path): a token for \(summary)")
            } else {
                Terminal.show(made.token)
                Terminal.note("for \(summary); it is not shown again")
            }
        } catch {
            file?.remove()
            throw error
        }
    }
}

struct ListAccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The tokens that were made, but for the first, 'api-token'.")

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let tokens = try await controller.withClient { try await $0.accessTokens() }
        switch output {
        case .json: try Terminal.show(json: tokens)
        case .text:
            let width = max(4, tokens.map(\.name.count).max() ?? 0) + 2
            var text = StatusText.pad("name", width) + "role      expires               last used\n"
            for token in tokens {
                text +=
                    StatusText.pad(token.name, width) + StatusText.pad(token.role.rawValue, 10)
                    + StatusText.pad(Self.short(token.expiresAt), 22) + Self.short(token.lastUsedAt) + "\n"
            }
            Terminal.show(text)
        }
    }

    /// To the second.
    private static func short(_ moment: String?) -> String {
        guard let moment else { return "never" }
        return String(moment.prefix { $0 != "." }) + (moment.contains(".") ? "Z" : "")
    }
}

struct RevokeAccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a token, and the sessions that were opened with it, at once.")

    @Argument(help: "The token's name.")
    var name: String

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let name = name
        try await controller.withClient { try await $0.revokeAccessToken(named: name) }
        Terminal.note("'\(name)' is a credential no more")
    }
}

struct WhoAmICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Whose credential this is, and what it may do.")

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let identity = try await controller.withClient { try await $0.whoAmI() }
        switch output {
        case .json: try Terminal.show(json: identity)
        case .text:
            let ending = identity.expiresAt.map { ", until \($0)" } ?? ""
            Terminal.show("\(identity.name): \(identity.role.rawValue), by \(identity.means.rawValue)\(ending)")
        }
    }
}

extension AccessRole: ExpressibleByArgument {}
