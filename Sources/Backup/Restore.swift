import CFileExchange
import Foundation
import WarrenController
import WarrenFailpoints
import WarrenModel
import WarrenStore

/// Makes a controller's state of a backup.
///
/// The new state is built beside the folder, on the same file system, and takes its place in one step: whenever this dies,
/// the folder holds the old state or the new one.
public struct Restore: Sendable {
    public let backup: String
    public let state: String
    /// A state that is there is set aside rather than in the way.
    public let isForced: Bool
    /// The epoch to begin; nil: one that is newer than all that can be known of.
    public let epoch: UInt64?

    public struct Outcome: Sendable {
        public let manifest: BackupManifest
        public let epoch: UInt64
        /// Where the former state is, if there was one.
        public let former: String?
    }

    public init(backup: String, state: String, isForced: Bool = false, epoch: UInt64? = nil) {
        self.backup = backup
        self.state = state.count > 1 && state.hasSuffix("/") ? String(state.dropLast()) : state
        self.isForced = isForced
        self.epoch = epoch
    }

    private var staging: String { "\(state).restoring" }
    /// In the staging folder as long as what it holds is half a state and nobody's loss.
    private static let unfinished = "unfinished"

    public func run(now: Date) async throws -> Outcome {
        let manifest = try Backup.verify(backup)
        // Held to the end, so that no controller starts on the state that goes.
        let occupant = try takeFolder()
        let former = occupant == nil ? nil : try await Self.epoch(of: state)
        let epoch = try newEpoch(after: max(manifest.epoch, former ?? 0), now: now)
        try clearStaging(epoch)
        try Backup.unpack(backup, into: staging)
        Failpoint.restoreUnpacked.pass()
        try await begin(epoch, manifest, now: now)
        Failpoint.restoreRaised.pass()
        let kept = try exchange(epoch, occupant)
        return Outcome(manifest: manifest, epoch: epoch, former: kept)
    }

    /// The lock of a folder that is there; nil when there is none.
    private func takeFolder() throws -> StateDirectory? {
        guard access(state, F_OK) == 0 else { return nil }
        guard let held = try? FileManager.default.contentsOfDirectory(atPath: state) else {
            throw BackupError.system("cannot look into '\(state)'")
        }
        guard isForced || held.allSatisfy({ $0 == "lock" }) else {
            throw BackupError(
                .occupied, "'\(state)' is not empty: --force sets what it holds aside, and puts the backup in its place")
        }
        do { return try StateDirectory(path: state) } catch { throw BackupError(.occupied, "\(error)") }
    }

    /// The epoch of the state in a folder, as far as it can be read.
    private static func epoch(of state: String) async throws -> UInt64? {
        let path = "\(state)/\(Backup.database)"
        guard access(path, F_OK) == 0, let store = try? SQLiteStore(path: path) else { return nil }
        return try? await MeshStore(store).epoch()
    }

    /// The second of the restore, in UTC, read as one number: greater than the epochs of former restores even when all that
    /// knew of them is lost, and telling to a person.
    private func newEpoch(after known: UInt64, now: Date) throws -> UInt64 {
        if let epoch {
            guard epoch > known else { throw BackupError(.occupied, "the mesh is in epoch \(known) already: name a later one") }
            return epoch
        }
        let text = now.formatted(.iso8601).filter(\.isNumber)
        guard known < .max else { throw BackupError(.damaged, "there is no later epoch than \(known)") }
        return max(known + 1, UInt64(text) ?? 0)
    }

    private func clearStaging(_ epoch: UInt64) throws {
        if access(staging, F_OK) == 0 {
            if access("\(staging)/\(Self.unfinished)", F_OK) == 0 {
                try FileManager.default.removeItem(atPath: staging)
            } else {
                // A restore died when this held the former state already.
                guard rename(staging, formerPath(epoch) + ".0") == 0 else {
                    throw BackupError.system("cannot set '\(staging)' aside")
                }
            }
        }
        guard mkdir(staging, 0o700) == 0 else { throw BackupError.system("cannot make '\(staging)'") }
        _ = try PlainFile(creating: "\(staging)/\(Self.unfinished)")
    }

    private func begin(_ epoch: UInt64, _ manifest: BackupManifest, now: Date) async throws {
        let path = "\(staging)/\(Backup.database)"
        try SQLiteStore.checkDatabase(at: path)
        let store = MeshStore(try SQLiteStore(path: path))
        guard try await store.current() == manifest.generation else {
            throw BackupError(.damaged, "'\(backup)' does not hold the generation that its manifest says")
        }
        try await store.begin(epoch: epoch, now: now)
        try await store.append(
            EventRecord(
                at: now, kind: .restored,
                text: "restored from the backup of \(manifest.takenAt.formatted(.iso8601)); epoch \(epoch) begins"))
    }

    /// Puts the new state in its place; answers where the former is.
    private func exchange(_ epoch: UInt64, _ occupant: StateDirectory?) throws -> String? {
        guard unlink("\(staging)/\(Self.unfinished)") == 0 else { throw BackupError.system("cannot finish '\(staging)'") }
        try PlainFile.flushFolder(staging)
        let parent = PlainFile.folder(of: state)
        guard occupant != nil else {
            guard rename(staging, state) == 0 else { throw BackupError.system("cannot make '\(state)'") }
            try PlainFile.flushFolder(parent)
            Failpoint.restoreExchanged.pass()
            return nil
        }
        guard warren_exchange_files(staging, state) == 0 else {
            throw BackupError.system("cannot put the restored state in the place of '\(state)'")
        }
        try PlainFile.flushFolder(parent)
        Failpoint.restoreExchanged.pass()
        let held = try FileManager.default.contentsOfDirectory(atPath: staging)
        guard held.contains(where: { $0 != "lock" }) else {
            try FileManager.default.removeItem(atPath: staging)
            return nil
        }
        guard rename(staging, formerPath(epoch)) == 0 else { throw BackupError.system("cannot rename '\(staging)'") }
        try PlainFile.flushFolder(parent)
        return formerPath(epoch)
    }

    private func formerPath(_ epoch: UInt64) -> String { "\(state).before-\(epoch)" }
}
