import Foundation
import Logging
import Testing
import WarrenInventory
import WarrenModel
import WarrenRollout
import WarrenStore

@testable import WarrenController

/// A store whose disk is full whenever that is asked for.
private struct FailingStore: Store {
    let store: any Store
    let isFull: Mutable<Bool>

    func get(_ key: String) async throws(StoreError) -> StoredEntry? { try await store.get(key) }

    func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [StoredEntry] {
        try await store.list(prefix: prefix, after: after, limit: limit)
    }

    func commit(_ transaction: StoreTransaction) async throws(StoreError) -> StoreRevision {
        guard !isFull.value else { throw .failed(reason: "the disk is full") }
        return try await store.commit(transaction)
    }

    func watch(prefix: String) -> AsyncStream<StoreChange> { store.watch(prefix: prefix) }
}

/// Keeps what is logged.
private struct KeptLog: LogHandler {
    let lines: Mutable<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.mutate { $0.append("\(event.level): \(event.message)") } }
}

/// What is not on disk has not happened to any gateway, and nothing that happened is lost.
@Suite struct FailingStoreTests {
    private static let names = ["ams", "ber", "cph", "dub"]

    private func with(
        _ body: @Sendable (SimulatedFleet, _ isFull: Mutable<Bool>, _ log: Mutable<[String]>) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "warren-full-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let isFull = Mutable(false), lines = Mutable<[String]>([])
        let controller = try await Controller(
            directory: directory, log: Logger(label: "test") { _ in KeptLog(lines: lines) }
        ) { FailingStore(store: try SQLiteStore(path: $0), isFull: isFull) }
        _ = try await controller.accept(TestMesh.inventory(Self.names), expecting: .none)
        try await TestMesh.serve(controller) { mesh in
            let log = RunLog()
            var gateways: [String: SimulatedGateway] = [:]
            for name in Self.names {
                gateways[name] = SimulatedGateway(try mesh.site(name), identity: try await mesh.enrolled(name), log: log)
            }
            let fleet = SimulatedFleet(mesh: mesh, gateways: gateways, log: log)
            try await fleet.whileRunning(Set(Self.names)) {
                try await fleet.until { $0.isWell }
                try await body(fleet, isFull, lines)
            }
        }
    }

    private func until(_ lines: Mutable<[String]>, hold text: String) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !lines.value.contains(where: { $0.contains(text) }) {
            guard ContinuousClock.now < deadline else { throw TookTooLong(what: "\(text) in \(lines.value)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func nothingIsBegunThatIsNotStored() async throws {
        try await with { fleet, isFull, log in
            let controller = fleet.mesh.controller
            _ = try await controller.rotateKeys(of: nil, manner: RolloutFlowTests.quick)
            isFull.value = true
            // The canary runs its state; that the next wave begins cannot be kept.
            try await until(log, hold: "error: what is decided cannot be stored: nothing new is begun until it can")
            let refused = await #expect(throws: ControllerError.self) { try await controller.order(.pause) }
            #expect(refused?.description.contains("the disk is full") == true)
            // The clock ticks on, and the wave is due all the time.
            try await Task.sleep(for: .seconds(2))
            #expect(Set(fleet.log.sites(in: 2)) == ["ams", "ber"])
            #expect(log.value.count { $0.contains("what is decided cannot be stored") } == 1)
            isFull.value = false
            let record = try await fleet.untilFinished(2)
            #expect(record.view.status == .completed, "\(record.view)")
            #expect(log.value.contains("notice: what is decided can be stored again"))
            try await fleet.until { $0.isWell }
            #expect(fleet.log.sites(in: 2).count == 12)
        }
    }

    /// A refusal is to be rolled back, and the new generation cannot be kept: it is accepted as soon as it can.
    @Test func aRollingBackIsNotForgotten() async throws {
        try await with { fleet, isFull, log in
            let controller = fleet.mesh.controller
            await fleet["cph"].refuse { desired in
                guard desired.version == StateVersion(generation: Generation(rawValue: 2), revision: 1) else { return false }
                isFull.value = true
                return true
            }
            _ = try await controller.rotateKeys(of: nil, manner: RolloutFlowTests.quick)
            try await until(log, hold: "cannot be stored")
            #expect(await controller.currentMesh?.generation.rawValue == 2)
            isFull.value = false
            let record = try await fleet.untilFinished(3)
            #expect(record.view.kind == .rollBack && record.view.status == .completed, "\(record.view)")
            #expect(try await controller.rollout(of: Generation(rawValue: 2))?.view.status == .rolledBack)
            try await fleet.until { $0.isWell }
        }
    }
}
