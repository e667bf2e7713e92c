import ArgumentParser
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStatus

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make an inventory the next generation, and wait until every link is up.",
        discussion: """
            Shows what changes and asks before anything happens. If somebody else applied meanwhile, nothing is sent. Then it \
            follows the gateways until each runs the generation and every link is up, proven by both ends and a probe. \
            Interrupting the wait (Ctrl-C) detaches: the roll-out goes on.

            EXIT STATUS: 0 every link is up (with --no-wait: accepted); 1 faults, a refusal, or a link that is not up in \
            time; 2 the command line; 130 detached.
            """)

    @Argument(help: "An inventory file, or a folder of them.")
    var path: String

    @Flag(help: "Do not ask.")
    var yes = false

    @Option(help: "How long to wait for the links: 90s, 5m, 1h.")
    var timeout = TimeSpan(seconds: 120)

    @Flag(
        help: ArgumentHelp(
            "End as soon as the controller has accepted.",
            discussion: "For a mesh's first generation: its gateways can enrol only once their sites are declared."))
    var noWait = false

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let (_, files) = try InventorySource.loadSound(path)
        let generation = try await accept(files)
        if !noWait { try await follow(generation) }
    }

    /// Shows, asks, sends. Fails when the operator says no.
    private func accept(_ files: [InventoryFile]) async throws -> Generation {
        let yes = yes
        return try await ControllerClient.withClient(of: controller.address) { client -> Generation in
            let preview = try await client.preview(files)
            if preview.changes.isEmpty, preview.current > .none {
                Terminal.note("nothing changes: generation \(preview.current) says the same")
                return preview.current
            }
            Terminal.show(PlanText.changes(preview.changes))
            if !yes {
                guard Terminal.inputIsTerminal else {
                    throw CommandFailure(
                        usage: "nobody can be asked, for standard input is no terminal: give --yes to apply anyway")
                }
                guard Terminal.confirm("Apply to \(Set(preview.changes.map(\.site)).count) gateways?") else {
                    throw CommandFailure("nothing was changed")
                }
            }
            do {
                let generation = try await client.apply(files, expected: preview.current)
                Terminal.note("generation \(generation) is accepted")
                return generation
            } catch let error as ClientError where error.code == .conflict {
                throw CommandFailure(
                    "somebody else applied meanwhile, so nothing was sent: look at the changes again (\(error))")
            }
        }
    }

    private func follow(_ generation: Generation) async throws {
        let address = controller.address, limit = timeout.duration
        let outcome: ControllerClient.Outcome
        do {
            outcome = try await cancellingOnSignal {
                try await ControllerClient.withClient(of: address) { client in
                    try await client.awaitWell(generation, within: limit, progress: ProgressLines(towards: generation).show)
                }
            }
        } catch is CancellationError {
            Terminal.note("detached: generation \(generation) goes on without this command; follow it with 'warren status'")
            throw ExitCode(130)
        } catch let error as ClientError where error.code == .unreachable {
            throw CommandFailure("generation \(generation) is accepted, yet cannot be followed: \(error)")
        }
        switch outcome {
        case .well(let status):
            Terminal.note("generation \(generation): all \(status.links.count) links are up")
        case .late(let status):
            Terminal.show(StatusText.reasons(status))
            throw CommandFailure("not well after \(timeout); the gateways go on trying: follow them with 'warren status'")
        case .superseded(let status):
            throw CommandFailure("generation \(status.generation) took over from generation \(generation)")
        }
    }
}
