import ArgumentParser
import WarrenLab

struct LabRolloutsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollouts", abstract: "Change a running mesh in every way, and count the packets that it costs.",
        discussion: """
            Raises a mesh of five sites of its own, with a sixth that joins and leaves, and sends numbered echoes over every \
            link, 100 a second from each end, while keys are rotated, modes change, sites join, leave and are drained, plans \
            that cannot work are undone, programs are killed in the middle, and machines, the trust in one, and the \
            controller's memory are lost. Every frame on the lab's internet is captured and sorted meanwhile. Takes \
            everything down at the end.

            SCENARIOS:
            \(RolloutScenario.allCases.map { "  \($0.rawValue): \($0.title)" }.joined(separator: "\n"))

            EXIT STATUS: 0 no packet was lost where none may be, and nothing was in the clear; 1 otherwise.
            """)

    @Argument(help: "Only these scenarios, in this order.")
    var scenarios: [RolloutScenario] = []

    @Option(help: ArgumentHelp("The mesh's name, and so the lab's.", valueName: "name"))
    var mesh = "rollouts"

    @Option(name: .shortAndLong, help: "How to print.")
    var output = ShowCommand.Format.text

    func run() async throws {
        let rollouts = try LabRollouts(mesh: mesh, programDirectory: LabCommand.programDirectory()) { Terminal.note($0) }
        let chosen = scenarios.isEmpty ? RolloutScenario.allCases : scenarios
        let results = try await cancellingOnSignal { try await rollouts.run(chosen) }
        switch output {
        case .json: try Terminal.show(json: results)
        case .text: Terminal.show(results.text)
        }
        guard results.count == chosen.count, results.allSatisfy(\.holds) else { throw ExitCode(1) }
    }
}

extension RolloutScenario: ExpressibleByArgument {}
