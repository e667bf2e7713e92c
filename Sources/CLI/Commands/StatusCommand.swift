import ArgumentParser
import WarrenClient
import WarrenStatus

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show which pair of sites is up, and why another is not.",
        discussion: """
            A link is up when both gateways' reports are fresh, their security associations match crosswise, and a probe came \
            back through the tunnel.

            EXIT STATUS: 0 every gateway runs the generation and every link is up; 1 not so, or no controller answers.
            """)

    @Option(name: .shortAndLong, help: "How to print.")
    var output = Format.table

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    func run() async throws {
        let status = try await ControllerClient.withClient(of: controller.address) { try await $0.status() }
        switch output {
        case .json: try Terminal.show(json: status)
        case .table: Terminal.show(StatusText.table(status, colour: Terminal.usesColour))
        }
        guard status.isWell else { throw ExitCode(1) }
    }
}
