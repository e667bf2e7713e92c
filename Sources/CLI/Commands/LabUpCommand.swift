import ArgumentParser
import WarrenClient
import WarrenLab

struct LabUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Raise the lab: namespaces, controller, enrolled and connected agents.",
        discussion:
            "The controller accepts the inventory first, for agents enrol for sites that it knows. Interrupting it takes all down."
    )

    @Argument(help: "The inventory: a file or a folder.")
    var file: String

    @OptionGroup var nat: LabNATOption

    @Flag(help: "Also wait until every link is up.")
    var wait = false

    @Option(help: "How long to wait for the links with --wait.")
    var timeout = TimeSpan(seconds: 60)

    func run() async throws {
        let lab = try LabCommand.lab(file, behindNAT: nat.behindNAT), wait = wait, limit = timeout.duration
        try await cancellingOnSignal { try await lab.raise() }
        if wait {
            let outcome = try await ControllerClient.withClient(of: lab.controllerAddress) { client in
                try await client.awaitWell(
                    try await client.status().generation, within: limit, progress: ProgressLines().show)
            }
            guard case .well = outcome else {
                throw CommandFailure(
                    "the lab is up, but not every link is: see 'warren status --socket \(lab.controllerAddress)'")
            }
        }
        let first = lab.topology.sites.first?.name.description ?? "SITE"
        Terminal.note(
            """

            next:
              warren status --socket \(lab.controllerAddress)
              warren apply \(file) --socket \(lab.controllerAddress)
              warren show sa \(first) --socket \(lab.controllerAddress)
              warren lab verify \(file)
              warren lab exec \(file) \(first) -- ip route
              warren lab down \(file)
            """)
    }
}
