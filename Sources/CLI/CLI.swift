import ArgumentParser
import Foundation
import WarrenBackup
import WarrenBuild
import WarrenClient
import WarrenLab

/// The root command: what `warren --help` teaches, and what each outcome's exit status is.
public struct Warren: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "warren",
        abstract: "Join the private networks of many sites over the Internet, encrypted and verified.",
        discussion: """
            You declare sites in YAML: each site's gateway with its public and private address, and the networks behind it. \
            Warren checks that they fit together, works out every tunnel, route, policy and key, and rolls them out to the \
            gateways' agents through the controller, warrend.

              warren example --sites 30 > sites.yaml    An inventory to start from.
              warren validate sites.yaml                Do the sites fit together?
              warren plan sites.yaml                    What would every gateway run, or change?
              warren apply sites.yaml                   Show what changes, ask, roll it out, wait.
              warren status                             Which pair of sites is up, and why not?
              sudo warren lab demo sites.yaml           All of it on this machine, real packets.

            An inventory may be one file, or a folder of *.yaml and *.yml files that are read in order of their names.

            Answers go to standard output; what is said meanwhile, and what went wrong, to standard error. Every command ends \
            with 0 once what was asked is done and holds: 'warren help exit-codes' tells the others.
            """,
        version: Build.current.line,
        groupedSubcommands: [
            CommandGroup(
                name: "Inventory",
                subcommands: [
                    ExampleCommand.self, ValidateCommand.self, OverlapsCommand.self, PlanCommand.self, TraceCommand.self,
                    RenderCommand.self, ImportCommand.self,
                ]),
            CommandGroup(
                name: "Change",
                subcommands: [
                    ApplyCommand.self, RolloutCommand.self, HistoryCommand.self, DiffCommand.self, RollbackCommand.self,
                    PSKCommand.self, SiteCommand.self,
                ]),
            CommandGroup(
                name: "Observe",
                subcommands: [
                    StatusCommand.self, ShowCommand.self, EventsCommand.self, DriftCommand.self, DiagnoseCommand.self,
                    VerifyCommand.self, CaptureCommand.self, GatherCommand.self,
                ]),
            CommandGroup(name: "Access", subcommands: [TokenCommand.self, AccessCommand.self]),
            CommandGroup(name: "Controller host", subcommands: [BackupCommand.self, RestoreCommand.self]),
            CommandGroup(
                name: "Local",
                subcommands: [LabCommand.self, ProfileCommand.self, CompletionCommand.self, VersionCommand.self]),
            CommandGroup(name: "Topic", subcommands: [ExitCodesTopic.self, SettingsTopic.self]),
        ])

    public init() {}

    /// Parses the command line, runs the command, and ends the process with the command's exit status.
    public static func runToExit() async -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try await asyncParseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Foundation.exit(ExitStatus.done)
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            Foundation.exit(ExitStatus.adapted(report(error, arguments), to: arguments))
        }
    }

    /// Says what went wrong, on standard error, and answers with the exit status; help goes to standard output.
    static func report(_ error: any Error, _ arguments: [String] = []) -> Int32 {
        switch error {
        case let failure as CommandFailure:
            Terminal.complain(failure.message)
            return failure.status
        case let failure as ClientError:
            for diagnostic in failure.diagnostics { Terminal.fault("\(diagnostic)") }
            Terminal.complain("\(failure)")
            return ExitStatus.of(failure)
        case let failure as LabError:
            Terminal.complain("\(failure)")
            return ExitStatus.of(failure)
        case let failure as BackupError:
            Terminal.complain("\(failure)")
            return ExitStatus.not
        case is CancellationError:
            Terminal.complain("interrupted")
            return ExitStatus.interrupted
        default:
            return report(parsing: error, arguments)
        }
    }

    private static func report(parsing error: any Error, _ arguments: [String]) -> Int32 {
        let text = fullMessage(for: error)
        switch exitCode(for: error) {
        case .success:
            if arguments.first == "help", let stray = StrayCommand(in: arguments, of: Warren.self) {
                Terminal.complain(stray.message)
                return ExitStatus.unusable
            }
            Terminal.show(text)
            return ExitStatus.done
        case .validationFailure:
            if let stray = StrayCommand(in: arguments, of: Warren.self) {
                Terminal.complain(stray.message)
            } else {
                Terminal.fault(text)
            }
            return ExitStatus.unusable
        default:
            Terminal.complain(text)
            return ExitStatus.not
        }
    }
}
