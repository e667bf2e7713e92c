import ArgumentParser
import WarrenClient
import WarrenModel
import WarrenStatus

struct DiagnoseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "Look at both ends of a link, check by check, and name the first that fails.",
        discussion: """
            Asks the agents of both gateways what a person would look at: whether they reach each other, whether IKE gets \
            through and agrees on proposal, key and selectors, whether security associations, policies, routes, interface and \
            firewall are there as planned, and whether packets cross, as large as the tunnel takes. The gateways send each \
            other a few echo requests; nothing is changed.

            EXIT STATUS: 0 every check holds; 1 one fails, or cannot be made; others as 'warren help exit-codes' says.
            """)

    @OptionGroup var target: LinkArgument

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let link = try target.identity()
        Terminal.note("asking the agents of \(link.first) and \(link.second)")
        let diagnosis = try await controller.withClient(about: link.sites) { try await $0.diagnose(link) }
        switch output {
        case .json: try Terminal.show(json: diagnosis)
        case .text: Terminal.show(DiagnosisText.text(diagnosis, colour: Terminal.usesColour))
        }
        guard diagnosis.isWell else { throw ExitCode(ExitStatus.not) }
    }
}
