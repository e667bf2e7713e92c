import AgentRuntime
import ArgumentParser
import Logging
import WarrenBuild
import WarrenLogs

/// `warren-agent`: keeps one gateway at what its mesh's controller says.
@main
struct WarrenAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warren-agent", abstract: "Keeps a gateway's tunnels as its mesh's controller wants them.",
        version: Build.current.line, subcommands: [Enrol.self, Run.self, Status.self, RollBackCommand.self])
}

/// Where the agent keeps its state.
struct StateOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The agent's own directory.", valueName: "dir"))
    var state = "/var/lib/warren-agent"

    func directory() throws -> StateDirectory { try StateDirectory(path: state) }
}

/// How much the agent says, on standard error.
struct LogOptions: ParsableArguments {
    @Option(
        name: .long, help: "What to log: trace, debug, info, notice, warning, error or critical.",
        transform: {
            guard let level = Logger.Level(rawValue: $0) else { throw ValidationError("'\($0)' is not a log level") }
            return level
        })
    var logLevel = Logger.Level.info

    @Option(name: .long, help: "How log lines look: logfmt or json.")
    var logFormat = LogFormat.logfmt

    func logger() -> Logger {
        Logger(label: "warren-agent", format: logFormat, level: logLevel, time: true)
    }
}

extension LogFormat: ExpressibleByArgument {}
