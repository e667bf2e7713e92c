import ArgumentParser
import WarrenAPIModel
import WarrenClient
import WarrenModel

/// What every command that makes a generation shares: it asks, sends, and follows the roll-out.
struct GenerationOptions: ParsableArguments {
    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "End as soon as the controller has accepted; the roll-out goes on.")
    var noWait = false

    @Option(name: .shortAndLong, help: "What to print on the way: text, or json-line for one JSON object per event.")
    var output = RolloutFollower.Output.text

    @OptionGroup(title: "Roll-out") var strategyOptions: StrategyOptions
    @OptionGroup(title: "Controller") var controller: ControllerOptions

    /// Asks `question`, lets `start` make the generation, and follows its roll-out to the end.
    func run(
        asking question: String, about sites: [SiteName] = [],
        _ start: @escaping @Sendable (ControllerClient, APIMessage.Strategy?) async throws -> Generation
    ) async throws {
        try Terminal.demand(question, unless: yes)
        let strategy = strategyOptions.strategy
        let generation = try await controller.withClient(about: sites) { try await start($0, strategy) }
        Terminal.note("generation \(generation) is accepted")
        guard !noWait else { return }
        try await RolloutFollower(address: controller.address, output: output).followToSuccess(generation)
        Terminal.note("generation \(generation) runs on every gateway in reach")
    }
}

extension Terminal {
    /// Fails unless the operator, or `--yes`, agrees.
    static func demand(_ question: String, unless yes: Bool) throws {
        guard !yes else { return }
        guard inputIsTerminal else {
            throw CommandFailure(usage: "nobody can be asked, for standard input is no terminal: give --yes to go on anyway")
        }
        guard confirm(question) else { throw CommandFailure("nothing was changed: answer y, or give --yes, to go on") }
    }
}
