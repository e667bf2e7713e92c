import ArgumentParser
import Foundation
import WarrenBackup
import WarrenController

/// `warrend backup`: the state in one file, also while the controller runs.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes the controller's whole state to one file; the controller may run.",
        discussion:
            "--state DIR names the state, as it does for warrend itself. The file holds the mesh's keys, and only its owner may read it."
    )

    /// It takes `--state`.
    @ParentCommand var warrend: Warrend

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; it must not be there yet.", valueName: "file"))
    var output: String

    func run() async throws {
        let manifest = try await explained {
            try await Backup.write(state: warrend.state, output: output, programVersion: Controller.version, now: .now)
        }
        print("wrote \(output): \(manifest.summary)")
    }
}

/// `warrend restore`: a state from a backup.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes the controller's state from a backup; the controller must not run.",
        discussion: """
            --state DIR names the state, as it does for warrend itself: missing or empty, unless --force. A new epoch begins, so that the agents take what the restored controller says although they have seen later \
            generations. Tokens that were not used when the backup was taken are good no more. An agent that enrolled or \
            renewed its certificate since then must enrol again.
            """)

    @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
    var backup: String

    /// It takes `--state`.
    @ParentCommand var warrend: Warrend

    @Flag(help: "Set a state that is there aside, as DIR.before-EPOCH.")
    var force = false

    @Flag(help: "Only verify the backup, and say what it holds.")
    var check = false

    @Option(help: "The epoch to begin; by default the time of the restore, such as 20260131093000.")
    var epoch: UInt64?

    func run() async throws {
        if check {
            let manifest = try await explained { try Backup.verify(backup) }
            print("\(backup) is whole: \(manifest.summary)")
            return
        }
        let restore = Restore(backup: backup, state: warrend.state, isForced: force, epoch: epoch)
        let outcome = try await explained { try await restore.run(now: .now) }
        print("restored \(warrend.state): \(outcome.manifest.summary); epoch \(outcome.epoch) begins")
        if let former = outcome.former { print("the former state is in \(former)") }
    }
}

/// Says why something failed in its own words, without a usage text.
private func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch {
        FileHandle.standardError.write(Data("warrend: \(error)\n".utf8))
        throw ExitCode.failure
    }
}
