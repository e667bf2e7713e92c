import SeededRandom
import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

@Suite struct RandomRolloutTests {
    /// Short interruptions, pauses and restarts of the controller keep no healthy fleet from getting there.
    @Test func everyHealthyFleetGetsThere() {
        for seed in UInt64(1)...250 {
            var random = SeededNumbers(seed: seed)
            let fleet = Fleets.random(using: &random)
            var simulation = Simulation(fleet: fleet, strategy: RolloutStrategy(), seed: seed)
            simulation.checksCoding = seed % 10 == 0
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let start = UInt64.random(in: 0...300, using: &random)
                if let site = fleet.changes.keys.sorted().randomElement(using: &random) {
                    simulation.schedule(.goesOffline(site), in: start)
                    simulation.schedule(.connects(site), in: start + UInt64.random(in: 1...20, using: &random))
                }
            }
            if Bool.random(using: &random) { simulation.schedule(.restart, in: UInt64.random(in: 1...200, using: &random)) }
            if Bool.random(using: &random) {
                let start = UInt64.random(in: 1...200, using: &random)
                simulation.schedule(.command(.pause), in: start)
                simulation.schedule(.command(.resume(without: [])), in: start + UInt64.random(in: 1...900, using: &random))
            }
            simulation.start()
            simulation.run()
            #expect(simulation.violations.isEmpty, "seed \(seed): \(simulation.violations)")
            #expect(simulation.outcome == .completed, "seed \(seed): \(simulation.rollout.view)")
            for (site, steps) in fleet.changes {
                #expect(simulation.gateways[site]?.running?.step == steps.max(), "seed \(seed): \(site)")
            }
        }
    }

    /// Whatever goes wrong, no link is cut by the roll-out, nothing is offered out of turn, and it comes to rest.
    @Test func nothingGoesWrongThatTheRollOutCouldKeepFromGoingWrong() {
        var outcomes: Set<RolloutView.Status> = []
        for seed in UInt64(1)...600 {
            var random = SeededNumbers(seed: seed &* 7_919)
            let fleet = Fleets.random(using: &random)
            let names = fleet.changes.keys.sorted()
            let strategy = RolloutStrategy(
                canary: Bool.random(using: &random) ? .pair : .none,
                batches: [[5, 25, 100], [50], []].randomElement(using: &random) ?? [],
                maxFailures: .count(Int.random(in: 0...2, using: &random)),
                maxLate: .count(Int.random(in: 0...2, using: &random)),
                onFailure: Bool.random(using: &random) ? .halt : .rollBack,
                leavesBehind: Int.random(in: 0..<4, using: &random) == 0)
            let offline = Set(names.filter { _ in Int.random(in: 0..<8, using: &random) == 0 })
            var simulation = Simulation(fleet: fleet, strategy: strategy, offline: offline, seed: seed)
            simulation.checksCoding = seed % 20 == 0
            for name in names where Int.random(in: 0..<8, using: &random) == 0 {
                let fault = [SimulatedGateway.Fault.refused, .cutOff, .linksDown].randomElement(using: &random) ?? .refused
                simulation.give(fault, at: TransitionStep.allCases.randomElement(using: &random) ?? .expand, to: [name])
            }
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let start = UInt64.random(in: 0...900, using: &random)
                guard let site = names.randomElement(using: &random) else { continue }
                switch Int.random(in: 0..<8, using: &random) {
                case 0: simulation.schedule(.restart, in: start)
                case 1:
                    simulation.schedule(.command(.pause), in: start)
                    simulation.schedule(.command(.resume(without: [])), in: start + 100)
                case 2: simulation.schedule(.command(.resume(without: [site])), in: start + 600)
                case 3: simulation.schedule(.command(.resume(without: [])), in: start + 600)
                default:
                    simulation.schedule(.goesOffline(site), in: start)
                    if Bool.random(using: &random) {
                        simulation.schedule(.connects(site), in: start + UInt64.random(in: 1...800, using: &random))
                    }
                }
            }
            if Int.random(in: 0..<10, using: &random) == 0 { simulation.schedule(.command(.rollBack), in: 100) }
            simulation.start()
            simulation.run()
            #expect(simulation.violations.isEmpty, "seed \(seed): \(simulation.violations)")
            outcomes.insert(simulation.rollout.view.status)
        }
        #expect(outcomes.isSuperset(of: [.completed, .halted, .rolledBack]))
    }
}
