import ArgumentParser
import WarrenAPIModel
import WarrenClient

struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Which gateways are not as they shall be, and in what.",
        discussion: """
            An agent compares its gateway with the plan every few seconds, and repairs what differs unless it was started with \
            --drift report.

            EXIT STATUS: 0; with --detailed-exitcode 0 no drift, 1 no answer, 2 drift.
            """)

    @Flag(help: "End with 2 when any gateway drifts.")
    var detailedExitcode = false

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let sites = try await controller.withClient { try await $0.drift() }
        switch output {
        case .json: try Terminal.show(json: sites)
        case .text: Terminal.show(Self.text(sites))
        }
        if detailedExitcode, !sites.isEmpty { throw ExitCode(2) }
    }

    static func text(_ sites: [APIMessage.SiteDrift]) -> String {
        guard !sites.isEmpty else { return "every gateway is as it shall be\n" }
        return sites.map { site in
            var lines: [String] = []
            if !site.connected { lines.append("no agent is connected") }
            if let version = site.version, let intended = site.intended, version != intended {
                lines.append("runs \(version), and shall run \(intended)")
            }
            if let failure = site.failure { lines.append(failure) }
            lines += site.drift
            return "\(site.site)\n" + lines.map { "  \($0)\n" }.joined()
        }.joined()
    }
}
