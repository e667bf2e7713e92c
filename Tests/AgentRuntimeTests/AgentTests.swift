import AgentCore
import DataPlane
import Testing
import WarrenModel

@testable import AgentRuntime

struct AgentTests {
    private let folder: TemporaryDirectory
    private let directory: StateDirectory
    private let driver = FakeDataPlaneDriver()

    init() throws {
        folder = try TemporaryDirectory()
        directory = try StateDirectory(path: folder.path("state"))
    }

    private func agent() -> Agent {
        Agent(site: Mesh.berlin, driver: driver, directory: directory, driftInterval: .milliseconds(300), log: Mesh.quiet)
    }

    /// Runs `agent` while `body` does.
    private func running(_ agent: Agent, _ body: () async throws -> Void) async throws {
        let task = Task { await agent.run() }
        do { try await body() } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    /// The first report for which `condition` holds.
    private func report(from agent: Agent, where condition: (AgentReport) -> Bool) async -> AgentReport? {
        for await report in await agent.reports() where condition(report) { return report }
        return nil
    }

    @Test(.timeLimit(.minutes(1)))
    func appliesAndKeepsWhatItReceives() async throws {
        let agent = agent(), desired = Desired.toTokyo(generation: 1)
        try await running(agent) {
            agent.receive(desired)
            let report = await report(from: agent) { $0.applied.rawValue == 1 }
            #expect(report?.drift == [] && report?.failure == nil)
            #expect(report?.tunnels.map(\.tunnel) == desired.plan.tunnels)
            #expect(await driver.key(of: Mesh.tokyo) == desired.keys.values.first)
        }
        #expect(try LastGoodState(directory: directory).load() == .state(desired))
        let status = try #require(try LocalStatus.read(from: directory))
        #expect(status.report.applied.rawValue == 1 && status.mesh == "acme")
        #expect(status.text(isRunning: true, now: .now).contains("gif2"))
    }

    @Test(.timeLimit(.minutes(1)))
    func bootsFromTheLastGoodStateAlone() async throws {
        let desired = Desired.toTokyo(generation: 4)
        try LastGoodState(directory: directory).store(desired)
        let agent = agent()
        try await running(agent) {
            let report = await report(from: agent) { $0.applied.rawValue == 4 }
            #expect(report?.tunnels.count == 1)
            agent.receive(Desired.toTokyo(generation: 3))
            let refusal = await self.report(from: agent) { $0.failure != nil }
            #expect(refusal?.failure == "generation 3.0 is older than 4.0, which this gateway has")
            #expect(refusal?.applied.rawValue == 4)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func waitsForTheControllerWhenTheLastGoodStateIsCorrupt() async throws {
        try directory.write(LastGoodState.name, [1, 2, 3])
        let agent = agent()
        try await running(agent) {
            let waiting = await report(from: agent) { _ in true }
            #expect(waiting?.applied == Generation.none && waiting?.tunnels == [])
            agent.receive(Desired.toTokyo(generation: 1))
            #expect(await report(from: agent) { $0.applied.rawValue == 1 } != nil)
        }
        #expect(try directory.read("desired.bin.corrupt") == [1, 2, 3])
    }

    @Test(.timeLimit(.minutes(1)))
    func restoresADataPlaneThatDied() async throws {
        let agent = agent()
        try await running(agent) {
            agent.receive(Desired.toTokyo(generation: 1))
            _ = await report(from: agent) { $0.applied.rawValue == 1 && $0.failure == nil }
            await driver.die()
            let restored = await report(from: agent) { $0.drift == [] && $0.failure == nil && $0.tunnels.count == 1 }
            #expect(restored?.applied.rawValue == 1)
            #expect(await driver.key(of: Mesh.tokyo) != nil)
            #expect(await driver.prepareCount >= 2)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func repairsDrift() async throws {
        let agent = agent()
        try await running(agent) {
            agent.receive(Desired.toTokyo(generation: 1))
            _ = await report(from: agent) { $0.applied.rawValue == 1 }
            let before = await driver.performed.count
            await driver.tamper { $0.routes = [] }
            // Whoever looks on hears of it, before or after the repair.
            let sentence = "the route to 192.168.2.0/24 by gif2 is missing"
            let told = await report(from: agent) { $0.drift.contains("repaired: \(sentence)") }
            #expect(told?.routes.count == 1)
            let repaired = await report(from: agent) { $0.drift == [] }
            #expect(repaired?.routes.count == 1)
            let count = await driver.performed.count
            #expect(count == before + 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func leavesDriftAloneWhenItIsToldTo() async throws {
        let agent = Agent(
            site: Mesh.berlin, driver: driver, directory: directory, driftInterval: .milliseconds(100), driftPolicy: .report,
            log: Mesh.quiet)
        try await running(agent) {
            agent.receive(Desired.toTokyo(generation: 1))
            _ = await report(from: agent) { $0.applied.rawValue == 1 }
            let before = await driver.performed
            await driver.tamper { $0.routes = [] }
            var reports = 0
            for await report in await agent.reports() where report.drift != [] {
                #expect(report.drift == ["the route to 192.168.2.0/24 by gif2 is missing"] && report.routes.isEmpty)
                reports += 1
                if reports == 3 { break }
            }
            #expect(await driver.performed == before)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func reportsAFaultAndTriesAgain() async throws {
        let agent = agent()
        await driver.refuse { operation in
            if case .setPeer = operation { return DataPlaneError(.refused, "no such thing") }
            return nil
        }
        try await running(agent) {
            agent.receive(Desired.toTokyo(generation: 1))
            let failed = await report(from: agent) { $0.failure != nil }
            #expect(failed?.failure?.contains("no such thing") == true)
            #expect(failed?.applied == Generation.none)
            // What does not depend on the peer stands all the same.
            #expect(failed?.routes.count == 1)
            await driver.refuse(nil)
            let healed = await report(from: agent) { $0.applied.rawValue == 1 }
            #expect(healed?.failure == nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func endingLeavesTheTunnels() async throws {
        let agent = agent()
        try await running(agent) {
            agent.receive(Desired.toTokyo(generation: 1))
            _ = await report(from: agent) { $0.applied.rawValue == 1 }
        }
        #expect(try await driver.observe().tunnels.count == 1)
        let operations = await driver.performed
        let second = self.agent()
        try await running(second) { _ = await report(from: second) { $0.applied.rawValue == 1 } }
        #expect(await driver.performed == operations)
    }
}
