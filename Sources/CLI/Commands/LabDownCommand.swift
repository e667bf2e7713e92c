import ArgumentParser
import WarrenLab

struct LabDownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "End the lab's processes, and remove its namespaces and files.",
        discussion: "Also after an interrupted 'up'. Doing it twice is harmless.")

    @Argument(help: "The inventory, or the mesh's name.")
    var file: String

    func run() async throws {
        let names = try LabCommand.names(file)
        let stood = try await Lab.takeDown(names)
        Terminal.note(stood ? "the lab of mesh '\(names.mesh)' is down" : "no lab of mesh '\(names.mesh)' was up")
    }
}
