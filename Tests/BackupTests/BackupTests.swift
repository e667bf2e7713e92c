import Foundation
import Logging
import Testing
import WarrenController
import WarrenInventory
import WarrenModel
import WarrenStore

@testable import WarrenBackup

/// A folder of its own that goes with the test.
final class Folder: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "warren-backup-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var state: String { path + "/state" }
    var backup: String { path + "/backup" }
}

@Suite struct BackupTests {
    let folder: Folder
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws { folder = try Folder() }

    private func open() async throws -> Controller {
        try await Controller(directory: folder.state, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func accept(_ controller: Controller, _ number: UInt64) async throws {
        let text = """
            version: 1
            mesh: acme
            sites:
              berlin:
                gateway: {public: 198.18.0.1, private: 172.20.1.1}
                networks: [172.20.1.0/24]
              tokyo:
                gateway: {public: 198.18.0.2, private: 172.20.2.1}
                networks: [172.20.2.0/24, 10.\(number).0.0/16]

            """
        let accepted = try await controller.accept(
            [InventoryFile(name: "mesh.yaml", text: text)], expecting: Generation(rawValue: number - 1))
        #expect(accepted.rawValue == number)
    }

    /// A controller that runs while the backup is taken, and goes on to generation `last`.
    private func backedUp(at number: UInt64, last: UInt64) async throws -> [UInt8] {
        let controller = try await open()
        defer { controller.close() }
        for number in 1...number { try await accept(controller, number) }
        let site = try #require(SiteName("berlin"))
        _ = try await controller.createToken(for: site, lifetimeSeconds: 3600)
        let manifest = try await Backup.write(state: folder.state, output: folder.backup, programVersion: "1", now: now)
        #expect(manifest.generation.rawValue == number && manifest.mesh == "acme" && manifest.epoch == 1)
        if last > number { for number in (number + 1)...last { try await accept(controller, number) } }
        return controller.authority.encoded
    }

    private func restore(force: Bool = false, at date: Date? = nil, epoch: UInt64? = nil) async throws -> Restore.Outcome {
        try await Restore(backup: folder.backup, state: folder.state, isForced: force, epoch: epoch).run(now: date ?? now)
    }

    @Test func aLostStateComesBackInALaterEpoch() async throws {
        let authority = try await backedUp(at: 3, last: 5)
        try FileManager.default.removeItem(atPath: folder.state)
        let outcome = try await restore()
        #expect(outcome.former == nil && outcome.epoch == 20_270_115_080_000)
        let restored = try await open()
        #expect(restored.authority.encoded == authority)
        #expect(await restored.currentMesh?.generation.rawValue == 3)
        #expect(try await restored.events(since: 0).last?.kind == .restored)
        try await accept(restored, 4)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.state) {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.state)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    /// What the agents compare: generation 3 of the later epoch counts as newer than generation 5 of the first.
    @Test func theRestoredStateCountsAsNewer() async throws {
        _ = try await backedUp(at: 3, last: 5)
        let outcome = try await restore(force: true, epoch: 2)
        let store = MeshStore(try SQLiteStore(path: "\(folder.state)/warrend.sqlite"))
        let version = StateVersion(epoch: try await store.epoch(), generation: try await store.current())
        #expect(outcome.epoch == 2)
        #expect(version > StateVersion(epoch: 1, generation: Generation(rawValue: 5)))
        #expect(version == StateVersion(epoch: 2, generation: Generation(rawValue: 3)))
    }

    @Test func anEpochIsNeverUsedTwice() async throws {
        _ = try await backedUp(at: 1, last: 1)
        let first = try await restore(force: true)
        // The clock went back, and the former state is still known.
        let second = try await restore(force: true, at: Date(timeIntervalSince1970: 0))
        #expect(second.epoch == first.epoch + 1)
        // The former state is lost: time alone makes the epoch new.
        try FileManager.default.removeItem(atPath: folder.state)
        let third = try await restore(at: now + 60)
        #expect(third.epoch > second.epoch)
        await #expect(throws: BackupError.self) { try await restore(force: true, epoch: third.epoch) }
    }

    @Test func unusedTokensAreGoodNoMore() async throws {
        _ = try await backedUp(at: 1, last: 1)
        _ = try await restore(force: true)
        let sqlite = try SQLiteStore(path: "\(folder.state)/warrend.sqlite")
        let tokens = try await sqlite.list(prefix: "token/")
        #expect(tokens.count == 1)
        #expect(try JSONDecoder().decode(TokenRecord.self, from: Data(tokens[0].value)).usedAt == now)
    }

    @Test func aStateIsNotReplacedUnasked() async throws {
        _ = try await backedUp(at: 1, last: 2)
        let refusal = await #expect(throws: BackupError.self) { try await restore() }
        #expect(refusal?.code == .occupied && refusal?.description.contains("--force") == true)
        let running = try await open()
        let inUse = await #expect(throws: BackupError.self) { try await restore(force: true) }
        #expect(inUse?.description.contains("is used by another warrend") == true)
        #expect(await running.currentMesh?.generation.rawValue == 2)
    }

    @Test func aReplacedStateIsSetAside() async throws {
        _ = try await backedUp(at: 1, last: 2)
        let outcome = try await restore(force: true)
        let former = try #require(outcome.former)
        #expect(former == "\(folder.state).before-\(outcome.epoch)")
        let kept = MeshStore(try SQLiteStore(path: "\(former)/warrend.sqlite"))
        #expect(try await kept.current().rawValue == 2)
        #expect(try await open().currentMesh?.generation.rawValue == 1)
    }

    @Test func damageIsFoundBeforeAnythingIsTouched() async throws {
        _ = try await backedUp(at: 1, last: 1)
        let whole = try Data(contentsOf: URL(filePath: folder.backup))
        let offsets = [0, 13, 17, 40] + stride(from: 400, to: whole.count, by: whole.count / 40) + [whole.count - 1]
        for offset in offsets {
            var damaged = whole
            damaged[offset] ^= 0x10
            try damaged.write(to: URL(filePath: folder.backup))
            await #expect(throws: BackupError.self, "byte \(offset)") { try await restore(force: true) }
        }
        for length in [0, 11, 19, 30, whole.count / 2, whole.count - 1] {
            try whole.prefix(length).write(to: URL(filePath: folder.backup))
            await #expect(throws: BackupError.self, "\(length) bytes") { try await restore(force: true) }
        }
        try (whole + [0]).write(to: URL(filePath: folder.backup))
        await #expect(throws: BackupError.self) { try await restore(force: true) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == ["state", "backup"])
    }

    @Test func aBackupIsOneFileThatReplacesNothing() async throws {
        _ = try await backedUp(at: 1, last: 1)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.backup)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["state", "backup"])
        await #expect(throws: BackupError.self) {
            try await Backup.write(state: folder.state, output: folder.backup, programVersion: "1", now: now)
        }
        await #expect(throws: BackupError.self) {
            try await Backup.write(state: folder.path, output: folder.path + "/other", programVersion: "1", now: now)
        }
    }
}
