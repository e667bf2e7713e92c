import ArgumentParser
import WarrenClient
import WarrenModel

struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "See how a generation reaches the gateways, and hold, stop or undo it.",
        discussion: """
            A roll-out leads every gateway to a new generation in waves: two gateways first, then ever more. Where both ends of \
            a link must agree, it takes three steps: every gateway accepts old and new (expand), then prefers the new \
            (switchOver), then drops the old (contract). A wave is over when its gateways have confirmed and their links are \
            up again. Too many failures undo all that was done, by themselves.
            """,
        subcommands: [
            ListRolloutsCommand.self, ShowRolloutCommand.self, WatchRolloutCommand.self, PauseRolloutCommand.self,
            ResumeRolloutCommand.self, AbortRolloutCommand.self, RollBackRolloutCommand.self,
        ], defaultSubcommand: ShowRolloutCommand.self)
}

enum TextFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

struct ListRolloutsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "All roll-outs, the newest first.")

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let rollouts = try await controller.withClient { try await $0.rollouts() }
        switch output {
        case .json: try Terminal.show(json: rollouts)
        case .text: Terminal.show(RolloutText.list(rollouts))
        }
    }
}

struct ShowRolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One roll-out: its waves, and who is late or failed.")

    @Argument(help: "The generation that it leads to. (default: the latest)")
    var generation: GenerationArgument?

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let wanted = generation?.generation
        let rollout = try await controller.withClient { client in
            if let wanted { try await client.rollout(of: wanted) } else { try await client.currentRollout() }
        }
        switch output {
        case .json: try Terminal.show(json: rollout)
        case .text: Terminal.show(RolloutText.view(rollout.view, from: rollout.from))
        }
    }
}

struct WatchRolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow the roll-out that is under way until it ends.",
        discussion: "EXIT STATUS: 0 it came through; 1 it did not, or it halted; 130 detached with Ctrl-C: it goes on.")

    @Option(name: .shortAndLong, help: "text, or json-line: one JSON object for each event.")
    var output = RolloutFollower.Output.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let current = try await controller.withClient { try await $0.currentRollout() }
        try await RolloutFollower(address: controller.address, output: output).followToSuccess(current.generation)
    }
}

/// `warren rollout pause|resume|abort|rollback`: an order, and how the roll-out stands after it.
protocol RolloutOrderCommand: AsyncParsableCommand {
    static var order: ControllerClient.RolloutOrder { get }
    var generation: GenerationArgument? { get }
    var without: [SiteName] { get }
    var controller: ControllerOptions { get }
}

extension RolloutOrderCommand {
    var without: [SiteName] { [] }

    func run() async throws {
        let generation = generation?.generation, without = without
        let rollout = try await controller.withClient {
            try await $0.order(Self.order, generation: generation, without: without)
        }
        Terminal.show(RolloutText.view(rollout.view, from: rollout.from))
    }
}

struct PauseRolloutCommand: RolloutOrderCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Begin nothing new; what is on trial is still confirmed.")
    static let order = ControllerClient.RolloutOrder.pause

    @Option(help: "Only if the roll-out under way leads to this generation.")
    var generation: GenerationArgument?
    @OptionGroup(title: "Controller") var controller: ControllerOptions
}

struct ResumeRolloutCommand: RolloutOrderCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on after a pause or a halt; gateways that failed are tried once more.")
    static let order = ControllerClient.RolloutOrder.resume

    @Option(parsing: .singleValue, help: "Neither wait for this site nor try it again. May be repeated.")
    var without: [SiteName] = []
    @Option(help: "Only if the roll-out under way leads to this generation.")
    var generation: GenerationArgument?
    @OptionGroup(title: "Controller") var controller: ControllerOptions
}

struct AbortRolloutCommand: RolloutOrderCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "End it here: every gateway stays with what it has.")
    static let order = ControllerClient.RolloutOrder.abort

    @Option(help: "Only if the roll-out under way leads to this generation.")
    var generation: GenerationArgument?
    @OptionGroup(title: "Controller") var controller: ControllerOptions
}

struct RollBackRolloutCommand: RolloutOrderCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Undo it: every gateway goes back to what it ran before.")
    static let order = ControllerClient.RolloutOrder.rollBack

    @Option(help: "Only if the roll-out under way leads to this generation.")
    var generation: GenerationArgument?
    @OptionGroup(title: "Controller") var controller: ControllerOptions
}

/// A generation's number, from 1.
struct GenerationArgument: ExpressibleByArgument {
    let generation: Generation
    static var defaultCompletionKind: CompletionKind {
        .custom { words, _, _ in await NameCompletion.generations(in: words) }
    }

    init?(argument: String) {
        guard !argument.isEmpty, argument.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt64(argument), number > 0
        else { return nil }
        generation = Generation(rawValue: number)
    }
}
