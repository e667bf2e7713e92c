import Testing
import WarrenInventory
import WarrenModel

@testable import WarrenController

@Suite struct RedeclaredSiteTests {
    /// A site that is declared again is another one: its former agent takes down its tunnels, and is told what to do, at its
    /// session and not at its next renewal only.
    @Test func theFormerAgentIsToldWhatToDo() async throws {
        let quick = RolloutFlowTests.quick
        try await SimulatedFleet.with(["ams", "ber", "cph"]) { fleet in
            let controller = fleet.mesh.controller
            _ = try await controller.accept(
                TestMesh.inventory(["ams", "ber"]), manner: quick, expecting: Generation(rawValue: 1))
            try await fleet.untilFinished(2)
            try await fleet.until { $0.isWell }
            // Gone for now: its agent stays, without a tunnel.
            let withdrawn = try #require(await fleet["cph"].memory.good)
            #expect(withdrawn.generation == Generation(rawValue: 2))
            #expect(withdrawn.plan.tunnels.isEmpty && withdrawn.plan.policies.isEmpty && withdrawn.keys.isEmpty)
            #expect(await fleet["cph"].endings.isEmpty)
            _ = try await controller.accept(
                TestMesh.inventory(["ams", "ber", "cph"]), manner: quick, expecting: Generation(rawValue: 2))
            try await fleet.untilFinished(3)
            #expect(try #require(await controller.currentMesh).mesh.map(\.index) == [1, 2, 4])
            let deadline = ContinuousClock.now + .seconds(10)
            while await fleet["cph"].endings.last != .permissionDenied {
                guard ContinuousClock.now < deadline else {
                    throw TookTooLong(what: "\(await fleet["cph"].lastWords) \(await fleet["cph"].endings.suffix(3))")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            let words = await fleet["cph"].lastWords
            #expect(words.contains("Enrol this gateway anew, with a token of 'warren token create cph'"), "\(words)")
            #expect(await fleet["cph"].memory.running?.plan.tunnels.isEmpty == true)
        }
    }
}
