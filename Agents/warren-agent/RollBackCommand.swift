import AgentRuntime
import ArgumentParser

extension WarrenAgent {
    /// `warren-agent rollback`: the state before this one, with no controller.
    struct RollBackCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rollback", abstract: "Goes back to the state before this one. Needs no controller.",
            discussion: """
                A state on trial is ended; else the gateway goes back to the last good state of an earlier generation, which \
                'status' names. It holds that, and does not take what it went back from again, only something newer. The \
                agent that runs here does it; when none runs, the next does when it starts.
                """)

        @OptionGroup var state: StateOptions

        func run() async throws { print(try RollBack.run(in: state.directory())) }
    }
}
