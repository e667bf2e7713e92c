import ArgumentParser
import WarrenClient
import WarrenModel

struct SiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "site",
        abstract: "Take a site out of the mesh for a while, or its gateway for good.",
        discussion: """
            To replace a gateway's hardware: 'warren site revoke SITE' when the old machine may be in wrong hands, then \
            'warren token create SITE', and enrol the new machine with the token. The site keeps its number and networks.
            """,
        subcommands: [DrainSiteCommand.self, UndrainSiteCommand.self, RevokeSiteCommand.self])
}

/// `warren site drain|undrain|revoke SITE`.
protocol SiteOrderCommand: AsyncParsableCommand {
    static var order: ControllerClient.SiteOrder { get }
    static func question(_ site: SiteName) -> String
    var site: SiteName { get }
    var options: GenerationOptions { get }
}

extension SiteOrderCommand {
    func run() async throws {
        let site = site
        try await options.run(asking: Self.question(site), about: [site]) { client, strategy in
            try await client.order(Self.order, of: site, strategy: strategy)
        }
    }
}

struct DrainSiteCommand: SiteOrderCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Take down a site's links; it keeps its place, its number and its keys' epochs.")
    static let order = ControllerClient.SiteOrder.drain
    static func question(_ site: SiteName) -> String { "Take down every link of \(site)?" }

    @Argument(help: "The site.") var site: SiteName
    @OptionGroup var options: GenerationOptions
}

struct UndrainSiteCommand: SiteOrderCommand {
    static let configuration = CommandConfiguration(commandName: "undrain", abstract: "Bring a drained site's links back.")
    static let order = ControllerClient.SiteOrder.undrain
    static func question(_ site: SiteName) -> String { "Bring the links of \(site) back?" }

    @Argument(help: "The site.") var site: SiteName
    @OptionGroup var options: GenerationOptions
}

/// No generation of its own: what it does is done when it returns.
struct RevokeSiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End the trust in a site's agent at once, and rotate the keys of its links.",
        discussion: """
            Its certificate is refused from now on, and its peers forget its keys and what was made with them: the site is cut \
            off until another machine enrols for it with a new token.
            """)

    @Argument(help: "The site.") var site: SiteName
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let site = site
        try Terminal.demand("Cut off the gateway of \(site) until another enrols?", unless: yes)
        _ = try await controller.withClient(about: [site]) { try await $0.order(.revoke, of: site) }
        Terminal.note(
            "the agent of \(site) is revoked, and its peers use other keys: 'warren token create \(site)' lets another enrol")
    }
}
