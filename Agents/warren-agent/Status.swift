import AgentRuntime
import ArgumentParser
import Foundation

extension WarrenAgent {
    /// `warren-agent status`: how the gateway is, from what the agent wrote last; needs no controller.
    struct Status: AsyncParsableCommand {
        enum Output: String, ExpressibleByArgument, CaseIterable { case text, json }

        static let configuration = CommandConfiguration(
            abstract: "Shows what this gateway runs: generation, tunnels, SAs. Needs no controller.",
            discussion: "Exits with 1 when no agent runs here, or when it reports a failure.")

        @OptionGroup var state: StateOptions

        @Option(name: .shortAndLong, help: "How to print: text or json.")
        var output = Output.text

        func run() async throws {
            let directory = try state.directory()
            guard let status = try LocalStatus.read(from: directory) else {
                throw AgentError(.invalid, "no agent has run on \(directory.path) yet")
            }
            let isRunning = try StateLock(directory) == nil
            switch output {
            case .text: print(status.text(isRunning: isRunning, now: .now), terminator: "")
            case .json: FileHandle.standardOutput.write(Data(try status.json()))
            }
            if !isRunning || status.report.failure != nil { throw ExitCode.failure }
        }
    }
}
