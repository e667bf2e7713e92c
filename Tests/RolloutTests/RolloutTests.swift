import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

@Suite struct RolloutTests {
    @Test func aHealthyFleetIsLedThroughAllSteps() {
        var simulation = Simulation(fleet: Fleets.fullMesh(5), strategy: RolloutStrategy(), seed: 1)
        simulation.checksCoding = true
        simulation.start()
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.outcome == .completed)
        #expect(simulation.unswitched.isEmpty)
        #expect(simulation.gateways.values.allSatisfy { $0.running?.step == .contract && !$0.isOnTrial })
        let view = simulation.rollout.view
        #expect(view.status == .completed && view.failed.isEmpty && view.late.isEmpty && view.underWay.isEmpty)
        #expect(view.steps.map(\.step) == [.expand, .switchOver, .contract])
        #expect(view.steps.allSatisfy { $0.phase == .done && $0.waves.map(\.done) == $0.waves.map(\.total) })
        #expect(view.steps.first?.waves.map(\.name) == ["canary", "wave 1"])
        #expect(view.steps.first?.waves.map(\.total) == [2, 3])
        let revisions = simulation.offers.map(\.version.revision)
        #expect(Set(revisions) == [1, 2, 3] && revisions == revisions.sorted())
    }

    @Test func nothingToChangeIsDoneAtOnce() {
        var rollout = Rollout(
            generation: Generation(rawValue: 2), fleet: RolloutFleet(changes: [:], links: [], changedLinks: []))
        let actions = rollout.start(connected: [], up: [], now: MonotonicTime(nanoseconds: 5))
        #expect(actions.last == .finished(.completed))
        #expect(rollout.deadline() == nil)
    }

    @Test func onlyStepsThatTouchSomebodyAreMade() {
        var simulation = Simulation(fleet: Fleets.fullMesh(4, steps: [.expand]), strategy: RolloutStrategy(), seed: 2)
        simulation.start()
        simulation.run()
        #expect(simulation.outcome == .completed)
        #expect(simulation.offers.count == 4 && simulation.offers.allSatisfy { $0.step == .expand })
    }

    /// The fourth invariant: no more gateways are harmed than the wave in which it shows.
    @Test(arguments: [SimulatedGateway.Fault.cutOff, .linksDown, .refused], TransitionStep.allCases)
    func aBadStateHarmsOnlyTheCanary(fault: SimulatedGateway.Fault, step: TransitionStep) {
        let fleet = Fleets.fullMesh(40)
        var simulation = Simulation(fleet: fleet, strategy: RolloutStrategy(), seed: 3)
        simulation.give(fault, at: step, to: fleet.changes.keys)
        simulation.start()
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        guard case .rolledBack = simulation.outcome else {
            Issue.record("it ended with \(String(describing: simulation.outcome))")
            return
        }
        let canary = Fleets.names(2)
        #expect(Set(simulation.offers.filter { $0.step == step }.map(\.site)) == Set(canary))
        #expect(simulation.rollout.view.failed.allSatisfy { canary.contains($0.site) })
        #expect(simulation.harmed.count <= 2)
        #expect(simulation.rollout.view.failed.count >= 1)
        // Who was cut off has come back by itself.
        if fault == .cutOff { #expect(simulation.gateways.values.allSatisfy { $0.running?.step != step }) }
    }

    /// Links that only carry on as before are no proof of a switch: the step after it would cut them.
    @Test func aSwitchWithoutEffectIsUndone() {
        let fleet = Fleets.fullMesh(12)
        var simulation = Simulation(fleet: fleet, strategy: RolloutStrategy(), seed: 3)
        simulation.checksCoding = true
        simulation.give(.withoutEffect, at: .switchOver, to: fleet.changes.keys)
        simulation.start()
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        guard case .rolledBack(let reason) = simulation.outcome else {
            Issue.record("it ended with \(String(describing: simulation.outcome))")
            return
        }
        #expect(reason.contains("failed"))
        let failed = simulation.rollout.view.failed
        #expect(failed.map(\.site) == Fleets.names(2))
        #expect(failed.first?.reason == "link s00--s01 still runs as before the switch")
        #expect(!simulation.offers.contains { $0.step == .contract })
    }

    @Test func aWaveOfOneFailureWithinWhatIsAllowedGoesOn() throws {
        var strategy = RolloutStrategy(maxFailures: .count(1))
        strategy.onFailure = .halt
        var simulation = Simulation(fleet: Fleets.fullMesh(6, steps: [.expand]), strategy: strategy, seed: 4)
        let unlucky = try #require(Fleets.names(6).last)
        simulation.give(.refused, at: .expand, to: [unlucky])
        simulation.start()
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.outcome == .completed)
        #expect(simulation.rollout.view.failed == [.init(site: unlucky, reason: "no such device")])
        #expect(simulation.rollout.standing(of: unlucky) == nil)
        #expect(simulation.rollout.standing(of: Fleets.names(1)[0]) == .expand)
    }

    @Test func whatIsPausedOffersNothingAndGoesOnWhenResumed() {
        var simulation = Simulation(fleet: Fleets.fullMesh(8), strategy: RolloutStrategy(), seed: 5)
        simulation.schedule(.command(.pause), in: 3)
        simulation.start()
        simulation.run()
        #expect(simulation.rollout.view.status == .paused)
        #expect(simulation.offers.count == 2)
        #expect(simulation.gateways.values.allSatisfy { !$0.isOnTrial })
        simulation.schedule(.command(.resume(without: [])), in: 5_000)
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.outcome == .completed)
    }

    @Test(arguments: [(RolloutCommand.abort, RolloutOutcome.aborted)])
    func whatIsAbortedStaysAsItIs(command: RolloutCommand, outcome: RolloutOutcome) {
        var simulation = Simulation(fleet: Fleets.fullMesh(8), strategy: RolloutStrategy(), seed: 6)
        simulation.schedule(.command(command), in: 40)
        simulation.start()
        simulation.run()
        #expect(simulation.violations.isEmpty, "\(simulation.violations)")
        #expect(simulation.outcome == outcome)
        #expect(simulation.offers.count < 24)
        var after = simulation.rollout
        #expect(after.handle(.command(.resume(without: [])), now: simulation.time).isEmpty)
        #expect(after == simulation.rollout)
    }

    /// Rolling back leads everyone of a step at once.
    @Test func rollingBackTakesOneWaveForEachStep() {
        var simulation = Simulation(fleet: Fleets.star(12), strategy: .rollingBack, seed: 7)
        simulation.start()
        simulation.run()
        #expect(simulation.outcome == .completed)
        #expect(simulation.rollout.view.steps.map(\.waves.count) == [1, 1, 1])
    }
}
