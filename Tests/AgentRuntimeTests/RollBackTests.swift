import AgentCore
import DataPlane
import Testing
import WarrenModel

@testable import AgentRuntime

struct RollBackTests {
    private let folder: TemporaryDirectory
    private let directory: StateDirectory
    private let driver = FakeDataPlaneDriver()
    private let old = Desired.toTokyo(generation: 6)
    private let new = Desired.toTokyo(generation: 7, interface: "gif9")

    init() throws {
        folder = try TemporaryDirectory()
        directory = try StateDirectory(path: folder.path("state"))
        try LastGoodState(directory: directory, name: LastGoodState.previousName).store(old)
        try LastGoodState(directory: directory).store(new)
    }

    /// An agent as it runs on a gateway: with the lock, and with the socket for whoever is logged in there.
    private func running(_ body: (Agent) async throws -> Void) async throws {
        let lock = try #require(try StateLock(directory))
        let agent = Agent(site: Mesh.berlin, driver: driver, directory: directory, log: Mesh.quiet)
        let control = try LocalControl(agent: agent, directory: directory, log: Mesh.quiet)
        let tasks = [Task { await agent.run() }, Task { await control.run() }]
        var fault: (any Error)?
        do { try await body(agent) } catch { fault = error }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        withExtendedLifetime(lock) {}
        if let fault { throw fault }
    }

    private func report(from agent: Agent, where condition: (AgentReport) -> Bool) async -> AgentReport? {
        for await report in await agent.reports() where condition(report) { return report }
        return nil
    }

    /// The command is another process; here it is another thread, for its end of the socket blocks.
    private func rollBack() async throws -> String {
        let directory = directory
        return try await Task.detached { try RollBack.run(in: directory) }.value
    }

    @Test(.timeLimit(.minutes(1)))
    func theAgentThatRunsGoesBackAndHoldsIt() async throws {
        try await running { agent in
            _ = await report(from: agent) { $0.version == new.version }
            let said = try await rollBack()
            #expect(said == "an operator on the gateway gave up generation 7.0: went back to 6.0")
            let back = await report(from: agent) { $0.version == old.version && $0.drift == [] }
            #expect(back?.rejected == new.version && back?.failure == said && back?.isOnTrial == false)
            agent.receive(new)
            agent.receive(new, trial: .seconds(60))
            await #expect(throws: AgentError(.refused, "no state before generation 6.0 is kept to go back to")) {
                try await rollBack()
            }
            #expect(try await driver.observe().tunnels.map(\.tunnel.interface) == ["gif2"])
            let newer = Desired.toTokyo(generation: 8)
            agent.receive(newer)
            let after = await report(from: agent) { $0.version == newer.version }
            #expect(after?.rejected == nil && after?.failure == nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func endsATrial() async throws {
        let trial = Desired.toTokyo(generation: 8)
        try await running { agent in
            agent.receive(trial, trial: .seconds(60))
            _ = await report(from: agent) { $0.isOnTrial }
            let status = try #require(try LocalStatus.read(from: directory)).text(isRunning: true, now: .now)
            #expect(status.contains("trial       8.0 waits for the controller's confirmation"), "\(status)")
            #expect(status.contains("left, then back to 7.0") && status.contains("previous    6.0"))
            #expect(try await rollBack() == "an operator on the gateway ended the trial of generation 8.0: went back to 7.0")
            #expect(await report(from: agent) { $0.version == new.version } != nil)
        }
        #expect(try LastGoodState(directory: directory).load() == .state(new))
    }

    @Test(.timeLimit(.minutes(1)))
    func worksOnDiskWhenNoAgentRuns() async throws {
        let said = try RollBack.onDisk(directory, site: Mesh.berlin)
        #expect(said.isDone && said.text.hasPrefix("an operator on the gateway gave up generation 7.0: went back to 6.0"))
        #expect(AgentFiles(directory: directory).load().memory.good == old)
        #expect(try RollBack.onDisk(directory, site: Mesh.berlin).isDone == false)
        try await running { agent in
            let back = await report(from: agent) { $0.version == old.version }
            #expect(back?.rejected == new.version)
        }
    }

    @Test func aTrialOfAnAgentThatEndedIsGivenUpOnDisk() throws {
        try AgentFiles(directory: directory).stage(
            Trial(Desired.toTokyo(generation: 8), allowance: .seconds(60), now: .now))
        #expect(try RollBack.onDisk(directory, site: Mesh.berlin).text.contains("ended the trial of generation 8.0"))
        let memory = AgentFiles(directory: directory).load().memory
        #expect(memory.good == new && memory.previous == old && memory.trial == .none)
        #expect(memory.rejection?.version == Desired.toTokyo(generation: 8).version)
    }
}
