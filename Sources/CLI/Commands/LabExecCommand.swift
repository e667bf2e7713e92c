import ArgumentParser
import WarrenLab
import WarrenModel

struct LabExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command on a gateway of the lab, or on the host behind it.",
        discussion:
            "The exit status is the command's own. Example: warren lab exec mesh.yaml berlin --host -- ping -c1 192.168.2.10")

    @Argument(help: "The inventory, or the mesh's name.")
    var file: String

    @Argument(help: "The site.")
    var site: SiteName

    @Flag(help: "On the host behind the gateway.")
    var host = false

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after '--'.")
    var command: [String]

    func run() async throws {
        guard !command.isEmpty else { throw ValidationError("Say what to run, after '--'.") }
        try Lab.becomeCommand(command, at: site, onHost: host, of: try LabCommand.names(file))
    }
}
