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

struct RevokeSiteCommand: SiteOrderCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End the trust in a site's agent at once, and rotate the keys of its links.",
        discussion: """
            Its certificate is refused from now on, and its peers forget its keys: the site is cut off until another machine \
            enrols for it with a new token.
            """)
    static let order = ControllerClient.SiteOrder.revoke
    static func question(_ site: SiteName) -> String { "Cut off the gateway of \(site) until another enrols?" }

    @Argument(help: "The site.") var site: SiteName
    @OptionGroup var options: GenerationOptions
}
