import AgentCore
import Foundation
import Logging
import Testing
import WarrenBackup
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenController

/// A controller's state is lost, and comes back as it was two generations ago, to gateways that have gone on.
@Suite struct RestoreDrillTests {
    private static let names = ["ams", "ber", "cph"]
    private let folder = FileManager.default.temporaryDirectory.appending(path: "warren-drill-\(UUID().uuidString)").path
    private var state: String { folder + "/state" }
    private var backup: String { folder + "/backup" }

    private func open() async throws -> Controller {
        try await Controller(directory: state, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Five generations, with a backup after the third: the gateways, as they run on.
    private func lost() async throws -> [String: SimulatedGateway] {
        let controller = try await open(), gateways = Mutable<[String: SimulatedGateway]>([:])
        defer { controller.close() }
        let (state, backup) = (state, backup)
        _ = try await controller.accept(TestMesh.inventory(Self.names), expecting: .none)
        try await TestMesh.serve(controller) { mesh in
            let log = RunLog()
            for name in Self.names {
                let gateway = SimulatedGateway(try mesh.site(name), identity: try await mesh.enrolled(name), log: log)
                gateways.mutate { $0[name] = gateway }
            }
            let fleet = SimulatedFleet(mesh: mesh, gateways: gateways.value, log: log)
            try await fleet.whileRunning(Set(Self.names)) {
                try await fleet.until { $0.isWell }
                for generation in 2...5 as ClosedRange<UInt64> {
                    _ = try await mesh.controller.rotateKeys(of: nil, manner: RolloutFlowTests.quick)
                    try await fleet.untilFinished(generation)
                    try await fleet.until { $0.isWell }
                    guard generation == 3 else { continue }
                    let manifest = try await Backup.write(state: state, output: backup, programVersion: "1", now: Date())
                    #expect(manifest.generation.rawValue == 3)
                }
            }
        }
        return gateways.value
    }

    @Test func gatewaysTakeWhatTheRestoredControllerSays() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let gateways = try await lost()
        let before = try #require(await gateways["ams"]?.memory.good)
        #expect(before.version == StateVersion(epoch: 1, generation: Generation(rawValue: 5), revision: 3))
        #expect(Set(before.keys.keys.map(\.epoch)) == [5])
        try FileManager.default.removeItem(atPath: state)
        let outcome = try await Restore(backup: backup, state: state).run(now: Date())
        #expect(outcome.epoch > 1)

        try await TestMesh.serve(try await open()) { mesh in
            let fleet = SimulatedFleet(mesh: mesh, gateways: gateways, log: RunLog())
            // With the certificates that they had before the backup.
            try await fleet.whileRunning(Set(Self.names)) {
                try await fleet.until { $0.isWell }
                for name in Self.names {
                    let good = try #require(await fleet[name].memory.good)
                    #expect(good.version.epoch == outcome.epoch && good.version.generation.rawValue == 3, "\(name)")
                    #expect(Set(good.keys.keys.map(\.epoch)) == [3])
                }
                let sent = try #require(await fleet["ams"].memory.good)
                try Self.expectTaken(sent, after: before)
                // The next generation is as any other.
                _ = try await mesh.controller.rotateKeys(of: nil, manner: RolloutFlowTests.quick)
                let record = try await fleet.untilFinished(4)
                #expect(record.view.status == .completed, "\(record.view)")
                try await fleet.until { $0.isWell }
                #expect(await fleet["ams"].memory.good?.version.epoch == outcome.epoch)
            }
        }
    }

    /// An agent that runs `before` takes `sent`; without its epoch it would not.
    private static func expectTaken(_ sent: DesiredState, after before: DesiredState) throws {
        let now = MonotonicTime(nanoseconds: 1)
        func target(after offer: DesiredState) -> DesiredState? {
            var agent = AgentState(site: before.plan.site)
            _ = agent.handle(.received(before, trial: nil), now: now)
            _ = agent.handle(.reconciled(before, found: []), now: now)
            _ = agent.handle(.received(offer, trial: nil), now: now)
            return agent.target
        }
        #expect(target(after: sent) == sent)
        var version = sent.version
        version.epoch = before.version.epoch
        let old = DesiredState(mesh: sent.mesh, version: version, plan: sent.plan, keys: sent.keys)
        #expect(target(after: old) == before)
    }
}
