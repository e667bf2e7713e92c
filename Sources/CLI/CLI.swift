import ArgumentParser
import Foundation
import WarrenBackup
import WarrenClient
import WarrenLab

/// The root command: what `warren --help` teaches, and what each outcome's exit status is.
public struct Warren: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "warren",
        abstract: "Join the private networks of many sites over the Internet, encrypted and verified.",
        discussion: """
            You declare sites in YAML: each site's gateway with its public and private \
            address, and the networks behind it. Warren checks that they fit together, \
            works out every tunnel, route, policy and key, and rolls them out to the \
            gateways' agents through the controller, warrend.

              warren validate FILE        Do the sites fit together?
              warren overlaps FILE        Who has which addresses, and what is free?
              warren import DIR           The inventory of gateways joined by hand.
              warren example --sites 30   An inventory to start from.
              warren plan FILE            What would every gateway run, or change?
              warren render FILE --site S What would a person put on one gateway?
              warren trace FILE --from SITE --to ADDRESS
                                          Which way would a packet take?
              warren apply FILE           Show what changes, ask, roll it out, wait.
              warren rollout              How far is it, and who is late?
              warren rollback             Back to the generation before.
              warren history              What was accepted, and when?
              warren diff 4 5             What differs between two generations?
              warren psk rotate --all     New keys, without a lost packet.
              warren site drain SITE      Take a site out for a while.
              warren status               Which pair of sites is up, and why not?
              warren drift                Which gateway was changed by hand?
              warren show plan SITE       What one gateway shall run.
              warren show sa SITE         One gateway's security associations.
              warren token create SITE    Let a new gateway's agent enrol.
              warren access create NAME   A token for an operator, or a program.
              warren backup -o FILE       The controller's state in one file.
              warren restore FILE         A controller's state from that.
              sudo warren lab demo FILE   All of it on this machine, real packets.

            FILE may be one file, or a folder of *.yaml and *.yml files that are read in order of their names.

            EXIT STATUS
              0    it is done, and what was asked holds
              1    it does not hold: faults, a refusal, a link that is not up
              2    the command line, a file or a setting cannot be used
              130  interrupted

            ENVIRONMENT
              WARREN_SOCKET  the controller's unix socket, where --socket is not given
              NO_COLOR       no colour, also on a terminal
            """,
        version: "0.1.0",
        subcommands: [
            ValidateCommand.self, OverlapsCommand.self, ImportCommand.self, TraceCommand.self, ExampleCommand.self,
            PlanCommand.self, RenderCommand.self,
            ApplyCommand.self, RolloutCommand.self, HistoryCommand.self, DiffCommand.self, RollbackCommand.self,
            StatusCommand.self, DriftCommand.self, ShowCommand.self, TokenCommand.self, AccessCommand.self, SiteCommand.self,
            PSKCommand.self,
            BackupCommand.self, RestoreCommand.self, LabCommand.self,
        ])

    public init() {}

    /// Parses the command line, runs the command, and ends the process with the command's exit status.
    public static func runToExit() async -> Never {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Foundation.exit(0)
        } catch {
            let status = report(error)
            Foundation.exit(error is ExitCode ? status : exitStatus(status))
        }
    }

    /// A failure's exit status: where 2 was asked to say that something changes, every failure is 1.
    static func exitStatus(_ status: Int32) -> Int32 {
        status == 2 && CommandLine.arguments.contains("--detailed-exitcode") ? 1 : status
    }

    /// Says what went wrong, on standard error, and answers with the exit status; help goes to standard output.
    private static func report(_ error: any Error) -> Int32 {
        switch error {
        case let failure as CommandFailure:
            Terminal.complain(failure.message)
            return failure.status
        case let failure as ClientError:
            for diagnostic in failure.diagnostics { Terminal.note("\(diagnostic)") }
            Terminal.complain("\(failure)")
            return failure.code == .usage ? 2 : 1
        case let failure as LabError:
            Terminal.complain("\(failure)")
            return failure.code == .usage || failure.code == .notRoot ? 2 : 1
        case let failure as BackupError:
            Terminal.complain("\(failure)")
            return 1
        case is CancellationError:
            Terminal.complain("interrupted")
            return 130
        case let code as ExitCode:
            return code.rawValue
        default:
            let text = fullMessage(for: error)
            switch exitCode(for: error) {
            case .success:
                print(text)
                return 0
            case .validationFailure:
                Terminal.note(text)
                return 2
            default:
                Terminal.complain(text)
                return 1
            }
        }
    }
}

/// A failure in a sentence, with its exit status.
struct CommandFailure: Error {
    let message: String
    let status: Int32

    /// It does not hold.
    init(_ message: String) {
        self.message = message
        status = 1
    }

    /// What was handed in cannot be used.
    init(usage message: String) {
        self.message = message
        status = 2
    }
}
