import Foundation
import WarrenFailpoints
import WarrenModel
import WarrenStore

extension Backup {
    /// Writes the state in the folder `state` to the new file `output`, whole or not at all. The controller may run.
    @discardableResult
    public static func write(
        state: String, output: String, programVersion: String, now: Date
    ) async throws -> BackupManifest {
        var status = stat()
        guard lstat(output, &status) != 0 else {
            throw BackupError(.occupied, "'\(output)' is there already: a backup never replaces a file")
        }
        for name in required where access("\(state)/\(name)", R_OK) != 0 {
            throw BackupError.system("'\(state)' is not a controller's state: '\(name)' cannot be read")
        }
        let temporary = "\(output).new", copy = "\(output).database"
        for leftover in [temporary, copy] { unlink(leftover) }
        defer { for leftover in [temporary, copy] { unlink(leftover) } }
        // The database makes its copy under this process's mask.
        let mask = umask(0o077)
        defer { umask(mask) }
        try SQLiteStore.copyDatabase(at: "\(state)/\(database)", to: copy)
        Failpoint.backupCopied.pass()

        let present = optional.filter { access("\(state)/\($0)", R_OK) == 0 }
        let sources = try (required + present).map { name in
            (name: name, file: try PlainFile(reading: name == database ? copy : "\(state)/\(name)"))
        }
        let manifest = try await manifest(
            of: copy, files: try sources.map { .init(name: $0.name, size: try $0.file.size()) },
            programVersion: programVersion, now: now)
        try pack(manifest, sources.map(\.file), into: temporary)
        Failpoint.backupWritten.pass()
        // A link fails where a rename would replace what somebody else has put there meanwhile.
        guard link(temporary, output) == 0 else { throw BackupError.system("cannot make '\(output)'") }
        Failpoint.backupRenamed.pass()
        unlink(temporary)
        try PlainFile.flushFolder(PlainFile.folder(of: output))
        return manifest
    }

    private static func pack(_ manifest: BackupManifest, _ sources: [PlainFile], into path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.dateEncodingStrategy = .iso8601
        let text = try encoder.encode(manifest)
        let file = try PlainFile(creating: path)
        try file.write(mark + bytes(version) + bytes(UInt32(clamping: text.count)))
        try file.write(text)
        for (source, entry) in zip(sources, manifest.files) {
            try source.read(exactly: entry.size) { piece throws(BackupError) in try file.write(piece) }
        }
        try file.write(Array(file.hash.finalize()))
        try file.flush()
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    private static func manifest(
        of database: String, files: [BackupManifest.File], programVersion: String, now: Date
    ) async throws -> BackupManifest {
        // Looked at in a copy of the copy: opening a database may write to it.
        let look = "\(database).look"
        defer { for suffix in ["", "-wal", "-shm"] { unlink(look + suffix) } }
        unlink(look)
        try FileManager.default.copyItem(atPath: database, toPath: look)
        let store = MeshStore(try SQLiteStore(path: look))
        let generation = try await store.current()
        return BackupManifest(
            takenAt: now, programVersion: programVersion, mesh: try await store.generation(generation)?.mesh ?? "",
            generation: generation, epoch: try await store.epoch(), files: files)
    }
}
