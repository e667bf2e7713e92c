import Foundation
import WarrenModel

/// A controller's whole state in one file: database, certificate authority, mesh secret.
///
/// `Backup.write` takes one, also while the controller runs; `Restore` makes a state of it again. Both work on the state's
/// folder and not over the API: these are the mesh's keys, and whoever cannot read the folder shall not get them.
///
/// The file, mode 0600, numbers big-endian:
///
/// | bytes | |
/// | --- | --- |
/// | 12 | `warrenbackup` |
/// | 4 | version of this form, 1 |
/// | 4 | length of the manifest |
/// | … | `BackupManifest` as JSON |
/// | … | the files, one after the other, as the manifest lists them |
/// | 32 | SHA-256 of all before |
public enum Backup {
    static let mark: [UInt8] = Array("warrenbackup".utf8)
    static let version: UInt32 = 1
    static let database = "warrend.sqlite"
    /// What a state holds that cannot be made again.
    static let required = [database, "ca.key", "ca.pem", "mesh-secret"]
    /// What it may hold beside.
    static let optional = ["api-token"]
    static let checksumLength = 32
    static let longestManifest: UInt32 = 1 << 20
}

/// What a backup says of itself.
public struct BackupManifest: Sendable, Hashable, Codable {
    public struct File: Sendable, Hashable, Codable {
        public let name: String
        /// In bytes.
        public let size: UInt64
    }

    /// When the copy of the database was taken.
    public let takenAt: Date
    /// Of the program that wrote it.
    public let programVersion: String
    /// Empty before the first generation.
    public let mesh: String
    public let generation: Generation
    public let epoch: UInt64
    public let files: [File]

    /// One line for a person.
    public var summary: String {
        let state = generation == .none ? "no generation yet" : "generation \(generation) of mesh '\(mesh)'"
        let bytes = files.reduce(UInt64(0)) { $0 &+ $1.size }
        return "\(state), taken \(takenAt.formatted(.iso8601)), \(bytes) bytes"
    }
}

/// Why there is no backup, or no restored state, in words for an operator.
public struct BackupError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// A file or folder could not be read or written.
        case storage
        /// The file is not a whole backup.
        case damaged
        /// The folder holds a state already, or is in use.
        case occupied
    }

    public let code: Code
    public let message: String
    public var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// With the reason of the last system call.
    static func system(_ message: String) -> BackupError {
        BackupError(.storage, "\(message): \(String(cString: strerror(errno)))")
    }
}
