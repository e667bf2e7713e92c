import Foundation
import Simulation
import Testing
import WarrenFailpoints

@Suite struct SimulationTests {
    /// Whatever happens to a mesh, no rule is broken, and it comes to rest: 500 seeds, most of them of few gateways. There is no
    /// point at which no program died.
    @Test func noSeedBreaksARule() async {
        let died = await withTaskGroup(of: Set<Failpoint>.self) { group in
            for part in 0..<UInt64(10) { group.addTask { await Self.play((1 + part * 50)...(50 + part * 50)) } }
            return await group.reduce(into: Set()) { $0.formUnion($1) }
        }
        let missed = Set(Failpoint.allCases).subtracting(died)
        #expect(missed.isEmpty, "nothing died at \(missed.map(\.rawValue).sorted())")
    }

    /// At which points something died.
    private static func play(_ seeds: ClosedRange<UInt64>) async -> Set<Failpoint> {
        var died: Set<Failpoint> = []
        for seed in seeds {
            let scenario = Scenario.random(seed: seed, gateways: seed % 100 == 0 ? 50 : seed % 20 == 0 ? 16 : 5)
            let simulation = Simulation(scenario)
            simulation.play()
            if let violation = simulation.violation {
                Issue.record("\(violation)\n\(Shrinking.shrink(scenario, tries: 40).story)")
                break
            }
            #expect(simulation.figures.operations > 100)
            died.formUnion(simulation.deathPoints)
            // Other tests have deadlines.
            await Task.yield()
        }
        return died
    }

    /// The same where links come about by the IKE engine's own messages.
    @Test func noSeedOfTheEngineBreaksARule() async {
        for seed in UInt64(1)...24 {
            let scenario = Scenario.random(seed: seed, gateways: 3 + Int(seed % 3), ike: .engine)
            let simulation = Simulation(scenario)
            simulation.play()
            if let violation = simulation.violation {
                Issue.record("\(violation)\n\(Shrinking.shrink(scenario, tries: 10).story)")
                return
            }
            #expect(simulation.figures.operations > 30)
            await Task.yield()
        }
    }

    /// What is looked at after an operation, since it may have changed, shows all that a look at the whole gateway would.
    @Test func noOperationHidesAFault() {
        for seed in UInt64(501)...520 {
            let scenario = Scenario.random(seed: seed, gateways: 6)
            let plain = Simulation(scenario), thorough = Simulation(scenario, checksEverything: true)
            plain.play()
            thorough.play()
            #expect(thorough.violation == nil)
            #expect(plain.hash == thorough.hash)
        }
    }

    /// The same seed tells the same story, also in another process, whose hashes have other seeds.
    @Test(arguments: Scenario.IKE.allCases) func aSeedHasOneStory(ike: Scenario.IKE) throws {
        let program = try #require(Self.program)
        var lines: Set<String> = []
        for _ in 0..<3 {
            let process = Process(), output = Pipe()
            process.executableURL = program
            process.arguments = ["--from=3", "--seeds=4", "--gateways=\(ike == .engine ? 4 : 6)", "--ike=\(ike)", "--hash"]
            process.standardOutput = output
            try process.run()
            let text = try #require(String(data: output.fileHandleForReading.readDataToEndOfFile(), encoding: .utf8))
            process.waitUntilExit()
            #expect(process.terminationStatus == 0 && text.contains("seed 6 "))
            lines.insert(text)
        }
        #expect(lines.count == 1)
    }

    /// What wall clocks show changes nothing.
    @Test func wallClocksDoNotMatter() {
        for seed in UInt64(1)...10 {
            var scenario = Scenario.random(seed: seed, gateways: 5)
            let plain = Simulation(scenario)
            plain.play()
            for index in scenario.items.indices {
                if case .fault(.clockJump(let host, _)) = scenario.items[index].what {
                    scenario.items[index].what = .fault(.clockJump(host, seconds: 1_000_000))
                }
            }
            let jumping = Simulation(scenario)
            jumping.play()
            #expect(plain.hash == jumping.hash && plain.violation == nil)
        }
    }

    /// A rule that is broken is found, and the story is shrunk to what breaks it.
    @Test func aBrokenRuleIsFoundAndShrunk() {
        var scenario = Scenario.random(seed: 11, gateways: 5)
        scenario.items.append(Scenario.Item(at: 40_000, what: .sabotage))
        let simulation = Simulation(scenario)
        simulation.play()
        #expect(simulation.violation?.contains("leave in the clear") == true)
        let shrunk = Shrinking.shrink(scenario, tries: 60)
        #expect(shrunk.scenario.items.map(\.what) == [.sabotage])
    }

    /// Beside the tests, where the package's programs are built.
    private static var program: URL? {
        var folder = Bundle.main.bundleURL
        for _ in 0..<6 {
            let candidate = folder.appending(path: "warren-simulate")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            folder = folder.deletingLastPathComponent()
        }
        let own = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "warren-simulate")
        return FileManager.default.isExecutableFile(atPath: own.path) ? own : nil
    }
}
