import ArgumentParser
import Foundation
import WarrenBackup
import WarrenModel

/// Where the controller keeps its state: both commands work on the folder and not over the API, for the file that they write or
/// read holds the mesh's keys.
struct ControllerStateOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the controller's state: what 'warrend --state' names.", valueName: "dir"))
    var state = "/var/lib/warren"
}

/// `warren backup`: the controller's state in one file, also while it runs.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write the controller's whole state to one file; the controller may run.",
        discussion: "On the controller's host. The file holds the mesh's keys, and only its owner may read it.")

    @OptionGroup var controller: ControllerStateOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; it must not be there yet.", valueName: "file"))
    var output: String

    func run() async throws {
        let manifest = try await Backup.write(
            state: controller.state, output: output, programVersion: ProgramVersion.text, now: .now)
        Terminal.note("wrote \(output): \(manifest.summary)")
    }
}

/// `warren restore`: a state from a backup.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Make the controller's state from a backup; the controller must not run.",
        discussion: """
            On the controller's host. The folder must be missing or empty, unless --force. A new epoch begins, so that the \
            agents take what the restored controller says although they have seen later generations. Tokens that were not \
            used when the backup was taken are good no more. An agent that enrolled or renewed its certificate since then \
            must enrol again.
            """)

    @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
    var backup: String

    @OptionGroup var controller: ControllerStateOptions

    @Flag(help: "Set a state that is there aside, as DIR.before-EPOCH.")
    var force = false

    @Flag(help: "Only verify the backup, and say what it holds.")
    var check = false

    @Option(help: "The epoch to begin; by default the time of the restore, such as 20260131093000.")
    var epoch: UInt64?

    func run() async throws {
        if check {
            let manifest = try Backup.verify(backup)
            return Terminal.show("\(backup) is whole: \(manifest.summary)")
        }
        let restore = Restore(backup: backup, state: controller.state, isForced: force, epoch: epoch)
        let outcome = try await restore.run(now: .now)
        Terminal.note("restored \(controller.state): \(outcome.manifest.summary); epoch \(outcome.epoch) begins")
        if let former = outcome.former { Terminal.note("the former state is in \(former)") }
    }
}
