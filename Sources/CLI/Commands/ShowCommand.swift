import ArgumentParser
import WarrenClient
import WarrenModel
import WarrenPlan

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what one gateway shall run, or what it reports.",
        subcommands: [ShowPlan.self, ShowAssociations.self, ShowReport.self])

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    struct Target: ParsableArguments {
        @Argument(help: "The site whose gateway to show.")
        var site: SiteName

        @Option(name: .shortAndLong, help: "How to print.")
        var output = Format.text

        @OptionGroup(title: "Controller") var controller: ControllerOptions

        func report() async throws -> AgentReport {
            let site = site
            return try await ControllerClient.withClient(of: controller.address) { try await $0.report(of: site) }
        }
    }
}

struct ShowPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a gateway shall run in the current generation. Keys are references.")

    @OptionGroup var target: ShowCommand.Target

    func run() async throws {
        let site = target.site
        let current = try await ControllerClient.withClient(of: target.controller.address) {
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
