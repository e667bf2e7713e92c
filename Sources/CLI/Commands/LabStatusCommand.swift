import ArgumentParser
import WarrenLab

struct LabStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the lab's namespaces and what runs in them.",
        discussion: "EXIT STATUS: 0 everything runs; 1 something does not, or no lab is up.")

    @Argument(help: "The inventory, or the mesh's name.")
    var file: String

    @Option(name: .shortAndLong, help: "How to print.")
    var output = ShowCommand.Format.text

    func run() async throws {
        let status = try LabStatus.read(try LabCommand.names(file))
        switch output {
        case .json: try Terminal.show(json: status)
        case .text: Terminal.show(status.text)
        }
        guard status.isWhole else { throw ExitCode(1) }
    }
}
