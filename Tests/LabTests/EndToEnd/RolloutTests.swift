import Testing
import WarrenModel

@testable import WarrenLab

/// Changes of a running mesh, with echoes on every link all the while. As root, with the built programs.
@Suite(.serialized) struct RolloutTests {
    @Test func changesLoseNothingAndWhatCannotWorkIsUndone() async throws {
        let scenarios: [RolloutScenario] = [
            .keysRotate, .gatewayCutOff, .siteJoins, .siteLeaves, .agentRevoked, .changedByHand, .stateRestored,
        ]
        let name = "lab-test-rollouts"
        try await Lab.takeDown(LabNames(mesh: name))
        let rollouts = try LabRollouts(mesh: name, programDirectory: BuiltPrograms.directory) { _ in }
        let results = try await rollouts.run(scenarios)
        #expect(results.map(\.scenario) == scenarios)
        // Both ends of ten links, of which one also carries IPv6.
        #expect(results.allSatisfy { $0.holds && $0.streams >= 22 }, "\(results.text)")
        #expect(try !LabStatus(LabNames(mesh: name)).isUp)
    }
}
