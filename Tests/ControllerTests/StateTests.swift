import Foundation
import Logging
import Testing
import WarrenInventory
import WarrenKeys
import WarrenModel

@testable import WarrenController

@Suite struct StateTests {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("warren-state-\(UUID().uuidString)").path
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func open() async throws -> Controller { try await Controller(directory: directory, log: log) }

    @Test func comesBackWhole() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var controller: Controller? = try await open()
        let authority = controller?.authority.encoded
        let generation = try await controller?.accept(TestMesh.inventory(["berlin", "tokyo"]), expecting: .none)
        let plan = await controller?.currentMesh.map { Array($0.mesh) }
        controller = nil
        let again = try await open()
        #expect(again.authority.encoded == authority)
        #expect(await again.currentMesh?.generation == generation)
        #expect(await again.currentMesh.map { Array($0.mesh) } == plan)
        #expect(try await again.events(since: 0).map(\.kind) == [.generationAccepted])
    }

    /// A caller who goes away leaves no generation in the store that the memory does not have, and no event untold.
    @Test func aCancelledCallerLeavesNothingHalfAccepted() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await open()
        let gone = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await controller.accept(TestMesh.inventory(["berlin", "tokyo"]), expecting: .none)
        }
        #expect(try await gone.value == Generation(rawValue: 1))
        #expect(await controller.currentMesh?.generation == Generation(rawValue: 1))
        #expect(try await controller.events(since: 0).map(\.kind) == [.generationAccepted])
        let next = try await controller.accept(TestMesh.inventory(["berlin"]), expecting: Generation(rawValue: 1))
        #expect(next == Generation(rawValue: 2))
    }

    /// The wrong file does not replace a whole mesh by another.
    @Test func refusesTheInventoryOfAnotherMesh() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await open(), files = TestMesh.inventory(["berlin", "tokyo"])
        let first = try await controller.accept(files, expecting: .none)
        let other = files.map { file in
            InventoryFile(name: file.name, text: file.text.replacing("mesh: acme", with: "mesh: other"))
        }
        let error = await #expect(throws: ControllerError.self) { try await controller.accept(other, expecting: first) }
        #expect(error?.description.contains("serves the mesh 'acme', and the inventory is of 'other'") == true)
        await #expect(throws: ControllerError.self) { try await controller.preview(other) }
        #expect(await controller.currentMesh?.generation == first)
    }

    @Test func anEventOfACancelledCallIsKept() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await open()
        let gone = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await controller.note(.agentDisconnected, text: "gone")
        }
        await gone.value
        #expect(try await controller.events(since: 0).map(\.kind) == [.agentDisconnected])
    }

    @Test func filesAreTheOwnersAlone() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try await open()
        for name in ["ca.key", "ca.pem", "mesh-secret"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        chmod(directory + "/mesh-secret", 0o644)
        await #expect(throws: ControllerError.self) { try await open() }
    }

    @Test func isUsedByOne() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let first = try await open()
        let error = await #expect(throws: ControllerError.self) { try await open() }
        #expect(error?.description == "'\(directory)' is used by another warrend")
        _ = first
    }

    @Test func aStrayAuthorityIsRefused() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try await open()
        try FileManager.default.removeItem(atPath: directory + "/ca.key")
        await #expect(throws: ControllerError.self) { try await open() }
    }

    /// Killed between the writing of the key and of the certificate: the next start goes on with the key.
    @Test func aHalfMadeAuthorityIsFinished() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let meshID = try await open().authority.meshID
        try FileManager.default.removeItem(atPath: directory + "/ca.pem")
        #expect(try await open().authority.meshID == meshID)
    }

    @Test func generationsCompareAndSwap() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await open()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (try? await controller.accept(TestMesh.inventory(["berlin", "tokyo"]), expecting: .none)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(outcomes == 1)
        #expect(try await controller.generations().count == 1)
    }

    @Test func faultsAreTold() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await open()
        var files = TestMesh.inventory(["berlin", "tokyo"])
        files[0].text += "nonsense: true\n"
        let error = await #expect(throws: ControllerError.self) { try await controller.accept(files, expecting: .none) }
        guard case .rejected(let diagnostics)? = error else {
            Issue.record("not rejected")
            return
        }
        #expect(diagnostics.map(\.rule.rawValue) == ["unknown-key"])
        #expect(await controller.currentMesh == nil)
    }

    /// The key depends on both sites' identities, not on their order, and on the epoch.
    @Test func preSharedKeys() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let secret = try MeshSecret(in: StateDirectory(path: directory))
        let ids = try (0..<3).map { try #require(SiteID(String(repeating: "\($0)", count: 32))) }
        let key = secret.preSharedKey(between: ids[0], and: ids[1], epoch: 1)
        #expect(key == secret.preSharedKey(between: ids[1], and: ids[0], epoch: 1))
        #expect(key != secret.preSharedKey(between: ids[0], and: ids[1], epoch: 2))
        #expect(key != secret.preSharedKey(between: ids[0], and: ids[2], epoch: 1))
        #expect(key.secret.count == 32)
    }
}
