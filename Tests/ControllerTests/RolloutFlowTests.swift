import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus

@testable import WarrenController

/// Roll-outs with real sessions and simulated gateways.
@Suite struct RolloutFlowTests {
    static let quick = Controller.Manner(strategy: SimulatedFleet.strategy)
    static let names = ["ams", "ber", "cph", "dub", "edi", "fra"]

    /// Each step begins with a canary pair, goes on in batches, and the next begins when all have it.
    @Test func canaryThenBatchesStepByStep() async throws {
        try await SimulatedFleet.with(Self.names) { fleet in
            let generation = try await fleet.mesh.controller.rotateKeys(of: nil, manner: Self.quick)
            let record = try await fleet.untilFinished(2)
            #expect(generation == Generation(rawValue: 2))
            #expect(record.view.status == .completed, "\(record.view)")
            #expect(record.view.steps.map(\.step) == [.expand, .switchOver, .contract])
            let order = fleet.log.all.filter { $0.version.generation == generation }
            #expect(order.count == 18)
            for (number, step) in record.view.steps.enumerated() {
                let part = order.dropFirst(number * 6).prefix(6)
                #expect(Set(part.map(\.version)).count == 1, "\(step.step)")
                #expect(Set(part.map(\.site)).count == 6)
                // The canary is one changed link, and nobody else is touched before it is done.
                #expect(Set(part.prefix(2).map(\.site)) == ["ams", "ber"])
                #expect(step.waves.map(\.total) == [2, 1, 3])
            }
            try await fleet.until { $0.isWell }
            let ran = await fleet["ams"].ran.suffix(3)
            #expect(ran.map(\.isTrial) == [true, true, true])
            #expect(ran.map { Set($0.state.keys.keys.map(\.epoch)) } == [[1, 2], [1, 2], [2]])
            #expect(ran.map { $0.state.keys.count } == [10, 10, 5])
        }
    }

    /// A gateway that refuses: the roll-out ends by leading back whoever was touched, and nobody of a later wave was.
    @Test func aRefusalRollsBack() async throws {
        try await SimulatedFleet.with(Self.names) { fleet in
            let controller = fleet.mesh.controller
            let before = try #require(await controller.currentMesh).mesh
            await fleet["cph"].refuse { $0.generation.rawValue == 2 && !$0.plan.ike.allSatisfy(\.alternatives.isEmpty) }
            _ = try await controller.rotateKeys(of: nil, manner: Self.quick)
            let record = try await fleet.untilFinished(3)
            #expect(record.generation == Generation(rawValue: 3))
            #expect(record.view.kind == .rollBack && record.view.status == .completed, "\(record.view)")
            let failed = try #require(try await controller.rollout(of: Generation(rawValue: 2)))
            #expect(failed.view.status == .rolledBack)
            #expect(failed.view.failed.map(\.site.description) == ["cph"])
            #expect(failed.finishedAt != nil)
            // The canary and the wave of the failure, nobody else; who refused is told what it runs under a newer version.
            try await fleet.until { $0.isWell }
            #expect(Set(fleet.log.sites(in: 2)) == ["ams", "ber", "cph"])
            #expect(Set(fleet.log.sites(in: 3)).isSubset(of: ["ams", "ber"]))
            let after = try #require(await controller.currentMesh).mesh
            // Keys are never taken back: the epochs stay, and all else is as it was.
            #expect(after.sites == before.sites)
            #expect(try await controller.generation(Generation(rawValue: 3))?.assignments.keyEpochs.isEmpty == true)
        }
    }

    @Test func pauseResumeAndAbort() async throws {
        try await SimulatedFleet.with(Self.names) { fleet in
            let controller = fleet.mesh.controller
            await fleet["ams"].hold(true)
            _ = try await controller.rotateKeys(of: nil, manner: Self.quick)
            try await controller.order(.pause)
            let refusal = await #expect(throws: ControllerError.self) {
                _ = try await controller.accept(TestMesh.inventory(Self.names), expecting: Generation(rawValue: 2))
            }
            #expect(refusal?.description.contains("is paused: resume it") == true)
            await #expect(throws: ControllerError.self) {
                try await controller.order(.resume(without: []), rolloutOf: Generation(rawValue: 1))
            }
            #expect(await controller.currentRollout?.view.status == .paused)
            #expect(Set(fleet.log.sites(in: 2)).isSubset(of: ["ams", "ber"]))
            try await controller.order(.abort)
            let record = try await fleet.untilFinished(2)
            #expect(record.view.status == .aborted)
            await #expect(throws: ControllerError.self) { try await controller.order(.pause) }
            // The next goes on from where each stands.
            await fleet["ams"].hold(false)
            try await fleet.whileRunning(["ams"]) {
                let manner = Controller.Manner(
                    strategy: RolloutStrategy(
                        canary: .none, batches: [], maxFailures: .count(0), confirmTimeoutSeconds: 20, settleSeconds: 0))
                _ = try await controller.rotateKeys(of: nil, manner: manner)
                let next = try await fleet.untilFinished(3)
                #expect(next.view.status == .completed, "\(next.view)")
                try await fleet.until { $0.isWell }
            }
        }
    }

    /// A roll-out to some sites only leaves the others as they are.
    @Test func aLimitIsKept() async throws {
        try await SimulatedFleet.with(Self.names) { fleet in
            let sites = try ["ams", "ber"].map { try fleet.mesh.site($0) }
            var manner = Self.quick
            manner.limitSites = sites
            _ = try await fleet.mesh.controller.rotateKeys(of: [try #require(LinkID(sites[0], sites[1]))], manner: manner)
            try await fleet.untilFinished(2)
            #expect(Set(fleet.log.sites(in: 2)) == ["ams", "ber"])
            manner.limitSites = [try #require(SiteName("nowhere"))]
            let stranger = manner
            await #expect(throws: ControllerError.self) {
                _ = try await fleet.mesh.controller.rotateKeys(of: nil, manner: stranger)
            }
            #expect(await fleet.mesh.controller.currentMesh?.generation == Generation(rawValue: 2))
            try await fleet.until { $0.isWell }
        }
    }

    /// A roll-out that shall begin with a site that there is not does not begin.
    @Test func aCanaryMustBeASite() async throws {
        try await SimulatedFleet.with(Self.names) { fleet in
            var manner = Self.quick
            manner.strategy.canary = .sites([try fleet.mesh.site("ams"), try #require(SiteName("nowhere"))])
            let stranger = manner
            let refusal = await #expect(throws: ControllerError.self) {
                _ = try await fleet.mesh.controller.rotateKeys(of: nil, manner: stranger)
            }
            #expect(refusal?.description.contains("no site 'nowhere'") == true)
            #expect(await fleet.mesh.controller.currentMesh?.generation == Generation(rawValue: 1))
            manner.strategy.canary = .sites([try fleet.mesh.site("ams")])
            _ = try await fleet.mesh.controller.rotateKeys(of: nil, manner: manner)
            let record = try await fleet.untilFinished(2)
            let first = try #require(record.view.steps.first?.waves.first)
            #expect(first.name == "canary" && first.total == 1, "\(record.view)")
        }
    }

    /// A gateway that is away is not waited for when that is allowed, and gets its state when it comes back.
    @Test func aLateGatewayFollows() async throws {
        try await SimulatedFleet.with(["ams", "ber", "cph"], offline: ["cph"]) { fleet in
            var manner = Self.quick
            manner.strategy.maxLate = .percent(100)
            manner.strategy.leavesBehind = true
            manner.strategy.waveTimeoutSeconds = 2
            _ = try await fleet.mesh.controller.accept(
                TestMesh.inventory(["ams", "ber", "cph", "dub"]), manner: manner, expecting: Generation(rawValue: 1))
            let record = try await fleet.untilFinished(2)
            #expect(record.view.late.map(\.site.description) == ["cph"], "\(record.view)")
            #expect(Set(fleet.log.sites(in: 2)) == ["ams", "ber"])
            try await fleet.whileRunning(["cph"]) {
                try await fleet.until { status in status.sites.first { $0.site.description == "cph" }?.applied.rawValue == 2 }
            }
            #expect(fleet.log.sites(in: 2).contains("cph"))
        }
    }
}
