import Crypto
import Foundation
import WarrenModel

extension Backup {
    /// What the backup in the file `path` says of itself, once its checksum has proven right.
    public static func verify(_ path: String) throws -> BackupManifest {
        let file = try PlainFile(reading: path)
        let manifest = try readManifest(file)
        for entry in manifest.files { try file.read(exactly: entry.size) { _ in } }
        let computed = Array(file.hash.finalize())
        guard try file.read(exactly: checksumLength) == computed, try file.read(1).isEmpty else {
            throw BackupError(.damaged, "the checksum of '\(path)' is wrong: it is damaged, and nothing was restored from it")
        }
        return manifest
    }

    /// Writes the files of a backup into the empty folder `folder`; each is on the disk when this returns.
    static func unpack(_ path: String, into folder: String) throws {
        let file = try PlainFile(reading: path)
        for entry in try readManifest(file).files {
            let target = try PlainFile(creating: "\(folder)/\(entry.name)")
            try file.read(exactly: entry.size) { bytes throws(BackupError) in try target.write(bytes) }
            try target.flush()
        }
        try PlainFile.flushFolder(folder)
    }

    private static func readManifest(_ file: PlainFile) throws -> BackupManifest {
        let head = try? file.read(exactly: mark.count + 8)
        guard let head, Array(head.prefix(mark.count)) == mark else {
            throw BackupError(.damaged, "'\(file.path)' is not a backup of warrend")
        }
        let version = number(head[mark.count..<(mark.count + 4)])
        guard version == Self.version else {
            throw BackupError(.damaged, "'\(file.path)' is of form \(version), which this version does not know")
        }
        let length = number(head[(mark.count + 4)...])
        guard length <= longestManifest else {
            throw BackupError(.damaged, "'\(file.path)' is damaged: its manifest is too long")
        }
        let text = try file.read(exactly: Int(length))
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let manifest = try? decoder.decode(BackupManifest.self, from: Data(text)) else {
            throw BackupError(.damaged, "'\(file.path)' is damaged: its manifest cannot be read")
        }
        let names = manifest.files.map(\.name)
        guard Set(names).count == names.count, Set(names).isSubset(of: required + optional),
            Set(names).isSuperset(of: required)
        else { throw BackupError(.damaged, "'\(file.path)' does not hold the files of a controller's state") }
        return manifest
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
