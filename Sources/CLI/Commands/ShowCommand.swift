import ArgumentParser
import WarrenClient
import WarrenModel
import WarrenPlan

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one gateway, one link, or what happened, in all detail.",
        subcommands: [
            ShowPlan.self, ShowAssociations.self, ShowReport.self, ShowGateway.self, ShowLink.self, EventsCommand.self,
        ])

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    struct Target: ParsableArguments {
        @Argument(help: "The site whose gateway to show.")
        var site: SiteName

        @Option(name: .shortAndLong, help: "How to print.")
        var output = Format.text

        @OptionGroup(title: "Controller") var controller: ControllerOptions

        func report() async throws -> AgentReport {
            let site = site
            return try await controller.withClient(about: [site]) { try await $0.report(of: site) }
        }
    }
}

struct ShowPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a gateway shall run in the current generation. Keys are references.")

    @OptionGroup var target: ShowCommand.Target

    func run() async throws {
        let site = target.site
        let current = try await target.controller.withClient(about: [site]) {
            try await $0.currentPlan(of: site)
        }
        for gateway in current.plan.gateways {
            switch target.output {
            case .json: try Terminal.show(json: gateway)
            case .text: Terminal.show(PlanText.gateway(gateway))
            }
        }
        Terminal.note("generation \(current.generation)")
    }
}

struct ShowAssociations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sa", abstract: "Show a gateway's security associations: both ways, with age and traffic.")

    @OptionGroup var target: ShowCommand.Target

    func run() async throws {
        let report = try await target.report()
        switch target.output {
        case .json: try Terminal.show(json: report.securityAssociations)
        case .text: Terminal.show(ReportText.associations(report))
        }
    }
}

struct ShowReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Show everything a gateway reports: tunnels, routes, IKE, associations, probes, drift."
    )

    @OptionGroup var target: ShowCommand.Target

    func run() async throws {
        let report = try await target.report()
        switch target.output {
        case .json: try Terminal.show(json: report)
        case .text: Terminal.show(ReportText.report(report))
        }
    }
}

struct ShowGateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Show what is known of a site's gateway: agent, certificate, addresses, links, what happened.")

    @OptionGroup var target: ShowCommand.Target

    func run() async throws {
        let site = target.site
        let details = try await target.controller.withClient(about: [site]) { try await $0.gateway(site) }
        switch target.output {
        case .json: try Terminal.show(json: details)
        case .text: Terminal.show(LinkText.gateway(details, colour: Terminal.usesColour))
        }
    }
}

struct ShowLink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Show what both ends say of a link: tunnel, IKE, security associations, probes, what happened.")

    @OptionGroup var target: LinkArgument

    @Option(name: .shortAndLong, help: "How to print.")
    var output = ShowCommand.Format.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let link = try target.identity()
        let details = try await controller.withClient(about: link.sites) { try await $0.link(link) }
        switch output {
        case .json: try Terminal.show(json: details)
        case .text: Terminal.show(LinkText.link(details, colour: Terminal.usesColour))
        }
    }
}
