import ArgumentParser
import WarrenAPIModel
import WarrenClient
import WarrenModel
import WarrenPlan

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "The generations that were accepted, the newest first.")

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let generations = try await controller.withClient { try await $0.generations() }
        switch output {
        case .json: try Terminal.show(json: generations)
        case .text:
            var text = "generation  sites  accepted\n"
            for entry in generations {
                text +=
                    StatusText.pad("\(entry.generation)", 12) + StatusText.pad("\(entry.sites)", 7) + entry.acceptedAt + "\n"
            }
            Terminal.show(text)
        }
    }
}

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "What differs between the plans of two generations.",
        discussion: "EXIT STATUS: 0 whether or not anything differs; 1 there is no such generation.")

    @Argument(help: "The earlier generation; 0 is the empty mesh.")
    var from: UInt64

    @Argument(help: "The later generation.")
    var to: GenerationArgument

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let from = Generation(rawValue: from), to = to.generation
        let answer = try await controller.withClient { try await $0.changes(from: from, to: to) }
        switch output {
        case .json: try Terminal.show(json: answer)
        case .text: Terminal.show(PlanText.changes(answer.changes))
        }
    }
}

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Roll out the inventory of an earlier generation again.",
        discussion: """
            It becomes a new generation: numbers never fall. Sites keep their interface numbers, and keys that were rotated \
            since stay rotated.
            """)

    @Argument(help: "The generation to go back to. (default: the one before the current)")
    var generation: GenerationArgument?

    @OptionGroup var options: GenerationOptions

    func run() async throws {
        let wanted = generation?.generation
        let (current, target) = try await options.controller.withClient { client in
            let current = try await client.status().generation
            guard current > .none else { throw CommandFailure("there is no generation yet: 'warren apply' makes the first") }
            guard let wanted = wanted ?? (current.rawValue > 1 ? Generation(rawValue: current.rawValue - 1) : nil) else {
                throw CommandFailure(
                    "generation \(current) is the first: there is none to go back to; 'warren apply' makes another")
            }
            let changes = try await client.changes(from: current, to: wanted).changes
            Terminal.show(PlanText.changes(changes))
            return (current, wanted)
        }
        try await options.run(asking: "Go back from generation \(current) to what \(target) says?") { client, strategy in
            try await client.rollBack(to: target, expected: current, strategy: strategy)
        }
    }
}
