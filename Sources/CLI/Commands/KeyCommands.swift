import ArgumentParser
import WarrenClient
import WarrenModel

struct PSKCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psk", abstract: "The links' pre-shared keys.", subcommands: [RotateKeysCommand.self])
}

struct RotateKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give links a new pre-shared key, without losing a packet.",
        discussion: """
            Both ends first accept both keys, then authenticate anew with the new one beside the running SAs, then forget the \
            old one. Keys are never shown: they are derived, and sent to their two gateways alone.
            """)

    @Flag(help: "Every link of the mesh.")
    var all = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The link between these two sites.", valueName: "site"))
    var link: [SiteName] = []

    @OptionGroup var options: GenerationOptions

    func validate() throws {
        guard all != !link.isEmpty else { throw ValidationError("Give --all, or --link with two sites.") }
        guard all || link.count == 2, all || link[0] != link[1] else {
            throw ValidationError("--link takes two sites, such as --link berlin tokyo.")
        }
    }

    func run() async throws {
        let links = all ? nil : LinkID(link[0], link[1]).map { [$0] }
        let what = links.map { "the link between \($0[0].first) and \($0[0].second)" } ?? "every link"
        try await options.run(asking: "Rotate the key of \(what)?", about: link) { client, strategy in
            try await client.rotateKeys(of: links, strategy: strategy)
        }
    }
}
