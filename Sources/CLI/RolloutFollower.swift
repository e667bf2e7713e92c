import ArgumentParser
import Foundation
import WarrenAPIModel
import WarrenClient
import WarrenModel
import WarrenRollout

/// Shows how a roll-out goes on until it ends, halts, or the operator detaches.
struct RolloutFollower {
    enum Output: String, ExpressibleByArgument, CaseIterable {
        case text
        /// One JSON object to a line, for each event, on standard output.
        case jsonLine = "json-line"
    }

    let address: ControllerAddress
    var output = Output.text

    /// Follows the roll-out to `generation`, and, should it be rolled back, that to the generation which does so. Answers how
    /// it stands at the end. Ctrl-C detaches: says how to come back, and ends with exit status 130.
    @discardableResult
    func follow(_ generation: Generation) async throws -> APIMessage.RolloutStatus {
        let address = address, output = output
        do {
            return try await cancellingOnSignal {
                try await ControllerClient.withClient(of: address) { client in
                    try await Self.follow(generation, of: client, output: output)
                }
            }
        } catch is CancellationError {
            Terminal.note("detached: the roll-out to generation \(generation) goes on; 'warren rollout watch' shows it again")
            throw ExitCode(130)
        }
    }

    /// Fails unless the roll-out came through.
    func followToSuccess(_ generation: Generation) async throws {
        let end = try await follow(generation)
        switch end.view.status {
        case .completed where end.generation == generation: return
        case .halted, .paused, .waiting:
            throw CommandFailure(
                "the roll-out to generation \(end.generation) \(RolloutText.word(end.view.status))"
                    + (end.view.reason.map { ": \($0)" } ?? "") + ". Go on with 'warren rollout resume', or undo it with "
                    + "'warren rollout rollback'")
        default:
            throw CommandFailure(
                "the roll-out to generation \(generation) did not come through: \(RolloutText.word(end.view.status))"
                    + (end.view.reason.map { ": \($0)" } ?? "")
                    + ". See 'warren rollout show \(generation)' and 'warren status', and apply again when it is mended")
        }
    }

    private static func follow(
        _ generation: Generation, of client: ControllerClient, output: Output
    ) async throws -> APIMessage.RolloutStatus {
        var screen = RolloutScreen(output: output)
        var next: String?
        while true {
            let progress = try await client.rolloutProgress(since: next, waitSeconds: next == nil ? 0 : 20)
            next = progress.next
            guard progress.rollout.generation >= generation else {
                throw CommandFailure(
                    "the roll-out under way leads to generation \(progress.rollout.generation), not \(generation): "
                        + "'warren rollout list' shows both")
            }
            try screen.show(progress)
            switch progress.rollout.view.status {
            case .running, .waiting, .paused: continue
            // The roll-out that undoes it begins at once, and is the current one then.
            case .rolledBack: continue
            case .halted, .completed, .aborted: return progress.rollout
            }
        }
    }
}

/// What the operator sees: on a terminal, lines that change in place; elsewhere, a line for each event.
private struct RolloutScreen {
    let output: RolloutFollower.Output
    private let isTerminal = isatty(STDERR_FILENO) == 1
    /// How many lines are on the screen, to be written over.
    private var lines = 0
    private var last = ""

    init(output: RolloutFollower.Output) { self.output = output }

    mutating func show(_ progress: APIMessage.RolloutProgress) throws {
        switch output {
        case .jsonLine:
            for event in progress.events { Terminal.show(try Terminal.jsonLine(event)) }
        case .text where isTerminal:
            let text = RolloutText.view(progress.rollout.view, from: progress.rollout.from)
            guard text != last else { return }
            let back = lines > 0 ? "\u{1B}[\(lines)A\u{1B}[J" : ""
            lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
            last = text
            Terminal.note(back + text.dropLast())
        case .text:
            for event in progress.events { Terminal.note(event.text) }
        }
    }
}
