import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

@Suite struct LateGatewayTests {
    private let names = Fleets.names(12)

    @Test func aFewOfflineGatewaysGetTheirStateWhenTheyAreBack() {
        var simulation = Simulation(
            fleet: Fleets.fullMesh(12, steps: [.expand]), strategy: RolloutStrategy(), offline: [names[3]], seed: 1)
        simulation.start()
        simulation.run()
        #expect(simulation.outcome == .completed)
        #expect(simulation.rollout.view.late.map(\.site) == [names[3]])
        simulation.schedule(.connects(names[3]), in: 3_600)
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.gateways[names[3]]?.running?.step == .expand && simulation.gateways[names[3]]?.isOnTrial == false)
        #expect(simulation.rollout.view.late.isEmpty)
    }

    @Test func tooManyOfflineGatewaysHaltIt() {
        var simulation = Simulation(
            fleet: Fleets.fullMesh(12, steps: [.expand]), strategy: RolloutStrategy(), offline: [names[3], names[4]], seed: 2)
        simulation.start()
        simulation.run()
        #expect(simulation.rollout.view.status == .halted)
        #expect(simulation.rollout.view.reason == "s03, s04: offline when their turn came")
        simulation.schedule(.command(.resume(without: [names[3], names[4]])), in: 10)
        simulation.run()
        #expect(simulation.outcome == .completed)
        #expect(simulation.rollout.view.leftBehind == [names[3], names[4]])
    }

    /// Nobody switches while a neighbour has not expanded: its links would be cut.
    @Test func theNextStepWaitsForWhoMissedTheLast() {
        var simulation = Simulation(
            fleet: Fleets.fullMesh(12), strategy: RolloutStrategy(), offline: [names[3]], seed: 3)
        simulation.schedule(.connects(names[3]), in: 250)
        simulation.start()
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.outcome == .completed)
        #expect(simulation.notes.contains { $0.kind == .waiting && $0.text == "the next step waits for s03" })
        #expect(simulation.gateways.values.allSatisfy { $0.running?.step == .contract })
    }

    @Test func theNextStepIsNotMadeWithoutThemUnlessAnOperatorSaysSo() {
        var simulation = Simulation(
            fleet: Fleets.fullMesh(12), strategy: RolloutStrategy(), offline: [names[3]], seed: 4)
        simulation.start()
        simulation.run()
        #expect(simulation.rollout.view.status == .halted)
        #expect(simulation.rollout.view.reason == "s03: behind, and the next step would cut their links")
        #expect(simulation.offers.allSatisfy { $0.step == .expand })
        simulation.schedule(.command(.resume(without: [names[3]])), in: 10)
        simulation.run()
        #expect(simulation.outcome == .completed)
        // It comes back to a mesh that has gone on, and is led there at once.
        simulation.schedule(.connects(names[3]), in: 10)
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.gateways[names[3]]?.running?.step == .contract)
    }

    @Test func theCanaryIsAPairThatIsThere() {
        var simulation = Simulation(
            fleet: Fleets.star(12), strategy: RolloutStrategy(), offline: [names[1]], seed: 5)
        simulation.start()
        #expect(simulation.offers.map(\.site) == [names[0], names[2]])
    }

    /// After the controller started anew, nobody is connected for a while: no step begins before they had the time to be.
    @Test func aRestartDoesNotCostTheCanary() {
        for second in UInt64(1)...90 {
            var simulation = Simulation(fleet: Fleets.fullMesh(6), strategy: RolloutStrategy(), seed: second)
            simulation.schedule(.restart, in: second)
            simulation.start()
            simulation.run()
            #expect(simulation.outcome == .completed)
            #expect(simulation.rollout.view.steps.map(\.waves.first?.total) == [2, 2, 2], "restarted after \(second) s")
        }
    }

    @Test func whoLeavesTheMeshIsNotWaitedFor() {
        var fleet = Fleets.fullMesh(4, steps: [.contract])
        fleet.leaving = [names[0]]
        var simulation = Simulation(fleet: fleet, strategy: RolloutStrategy(), offline: [names[0]], seed: 6)
        simulation.start()
        simulation.run()
        #expect(simulation.outcome == .completed)
        simulation.schedule(.connects(names[0]), in: 10)
        simulation.run()
        #expect(simulation.gateways[names[0]]?.running?.step == .contract)
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
    }

    /// A gateway that refused its state is tried again, under a newer version, once it was put right.
    @Test func resumingTriesAgainWhoFailed() {
        var strategy = RolloutStrategy()
        strategy.onFailure = .halt
        var simulation = Simulation(fleet: Fleets.fullMesh(6), strategy: strategy, seed: 7)
        simulation.give(.refused, at: .switchOver, to: [names[5]])
        simulation.start()
        simulation.run()
        #expect(simulation.rollout.view.status == .halted)
        #expect(simulation.rollout.view.reason == "1 failed: s05")
        simulation.mend(names[5])
        simulation.schedule(.command(.resume(without: [])), in: 100)
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.outcome == .completed)
        #expect(simulation.offers.filter { $0.site == names[5] }.map(\.version.revision) == [1, 2, 3, 4])
    }
}
