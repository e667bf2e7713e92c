import ArgumentParser
import WarrenAPIModel
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStatus

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make an inventory the next generation, and roll it out.",
        discussion: """
            Shows what changes and asks before anything happens. If somebody else applied meanwhile, nothing is sent. Then the \
            controller leads the gateways to it in waves, two of them first, and goes on only while their links come up again; \
            when too many fail, it goes back by itself. This command shows how far it is, and at the end waits until every \
            link is up, proven by both ends and a probe. Interrupting it (Ctrl-C) detaches: the roll-out goes on, and \
            'warren rollout watch' shows it again.

            A plan that 'warren plan --out' saved is executed as it was shown, or not at all: it is refused when the \
            controller's generation has moved.

            A mesh's first generation reaches all gateways at once, each as soon as its agent has enrolled: give --no-wait, \
            for tokens can be made only once the sites are declared.

            EXIT STATUS: 0 every link is up (with --no-wait: accepted); 1 faults, a refusal, a roll-out that was undone, or a \
            link that is not up in time; 2 the command line; 130 detached.
            """)

    @Argument(help: "An inventory file, a folder of them, or a saved plan.")
    var path: String

    @Option(help: "How long to wait for the links, once the roll-out is over: 90s, 5m, 1h.")
    var timeout = TimeSpan(seconds: 120)

    @OptionGroup var options: GenerationOptions

    func run() async throws {
        let saved = try SavedPlan.read(path)
        let files = try saved?.files ?? InventorySource.loadSound(path).files
        let generation = try await accept(files, as: saved)
        if !options.noWait { try await follow(generation) }
    }

    /// Shows, asks, sends. Fails when the operator says no, or when a saved plan is not what would happen.
    private func accept(_ files: [InventoryFile], as saved: SavedPlan?) async throws -> Generation {
        let options = options, strategy = options.strategyOptions.strategy
        return try await options.controller.withClient { client -> Generation in
            if let saved { try await Self.requireCurrent(saved, client) }
            let preview = try await client.preview(files, assignments: saved?.assignments)
            if let saved { try Self.require(saved, is: preview) }
            let summary = preview.changes.summary
            if summary.isEmpty, preview.current > .none {
                Terminal.note("nothing changes: generation \(preview.current) says the same")
                return preview.current
            }
            Terminal.show(PlanText.changes(preview.changes))
            try Terminal.demand(PlanText.reach(summary) + "Apply?", unless: options.yes)
            do {
                let generation = try await client.apply(
                    APIMessage.ApplyRequest(
                        files: files, expected: preview.current, assignments: saved?.assignments,
                        fingerprint: summary.fingerprint, strategy: strategy))
                Terminal.note("generation \(generation) is accepted")
                return generation
            } catch let error as ClientError where error.code == .conflict {
                throw CommandFailure("nothing was sent: \(error.message): run 'warren apply' again to see what changes now")
            }
        }
    }

    /// Before its changes are asked for: counted from another generation, they would be confusing at best.
    private static func requireCurrent(_ saved: SavedPlan, _ client: ControllerClient) async throws {
        let current = try await client.currentGeneration()
        guard current == saved.expected else {
            throw CommandFailure(
                "the plan counts from generation \(saved.expected), and the controller has generation \(current) now: "
                    + "plan again, and look at the changes")
        }
    }

    private static func require(_ saved: SavedPlan, is preview: APIMessage.PlanPreview) throws {
        guard preview.current == saved.expected, preview.changes.summary.fingerprint == saved.summary.fingerprint else {
            throw CommandFailure("what would change is not what the plan was saved with: plan again, and look at the changes")
        }
    }

    private func follow(_ generation: Generation) async throws {
        let address = try options.controller.address, limit = timeout.duration
        try await RolloutFollower(address: address, output: options.output).followToSuccess(generation)
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
            throw CommandFailure(
                "generation \(generation) is accepted, yet cannot be followed: \(error). Follow it with 'warren rollout watch'")
        }
        switch outcome {
        case .well(let status):
            Terminal.note("generation \(generation): all \(status.activeLinks.count) links are up")
        case .late(let status):
            Terminal.show(StatusText.reasons(status))
            throw CommandFailure("not well after \(timeout); the gateways go on trying: follow them with 'warren status'")
        case .superseded(let status):
            throw CommandFailure(
                "generation \(status.generation) took over from generation \(generation): 'warren history' shows both, 'warren status' how it goes"
            )
        }
    }
}
