import AgentCore
import DataPlane
import Testing
import WarrenModel

@testable import AgentRuntime

/// Trials with the real agent and its files; the gateway is one in memory.
struct AgentTrialTests {
    private let folder: TemporaryDirectory
    private let directory: StateDirectory
    private let driver = FakeDataPlaneDriver()
    private let good = Desired.toTokyo(generation: 6)
    private let trial = Desired.toTokyo(generation: 7, revision: 1, interface: "gif9")

    init() throws {
        folder = try TemporaryDirectory()
        directory = try StateDirectory(path: folder.path("state"))
        try LastGoodState(directory: directory).store(good)
    }

    private func running(_ body: (Agent) async throws -> Void) async throws {
        let agent = Agent(site: Mesh.berlin, driver: driver, directory: directory, log: Mesh.quiet)
        let task = Task { await agent.run() }
        do { try await body(agent) } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    private func report(from agent: Agent, where condition: (AgentReport) -> Bool) async -> AgentReport? {
        for await report in await agent.reports() where condition(report) { return report }
        return nil
    }

    private func interfaces() async throws -> [String] { try await driver.observe().tunnels.map(\.tunnel.interface) }

    @Test(.timeLimit(.minutes(1)))
    func isOnDiskUntilItIsConfirmed() async throws {
        try await running { agent in
            agent.receive(trial, trial: .seconds(60))
            let report = await report(from: agent) { $0.isOnTrial && $0.version == trial.version }
            #expect(report?.rejected == nil && report?.failure == nil)
            #expect(try LastGoodState(directory: directory).load() == .state(good))
            guard case .running(let kept) = try TrialFile(directory: directory).load(boot: .current, now: .now) else {
                Issue.record("there is no trial on disk")
                return
            }
            #expect(kept.desired == trial && (.seconds(40) ... .seconds(60)).contains(kept.left(now: .now)))
            let operations = await driver.performed
            agent.receive(trial, trial: .seconds(60))
            agent.receive(trial)
            let stream = await agent.openStream()
            #expect(stream.version == trial.version && stream.isOnTrial)
            agent.confirm(trial.version, on: stream.id)
            _ = await self.report(from: agent) { !$0.isOnTrial && $0.version == trial.version }
            #expect(await driver.performed == operations)
        }
        let (memory, faults) = AgentFiles(directory: directory).load()
        #expect(memory == AgentMemory(good: trial, previous: good) && faults == [])
        let operations = await driver.performed
        try await running { agent in _ = await report(from: agent) { $0.version == trial.version && !$0.isOnTrial } }
        #expect(await driver.performed == operations)
    }

    @Test(.timeLimit(.minutes(1)))
    func goesBackByItselfAndSaysSo() async throws {
        try await running { agent async throws in
            agent.receive(trial, trial: .seconds(1))
            _ = await report(from: agent) { $0.isOnTrial }
            #expect(try await interfaces() == ["gif9"])
            let back = await report(from: agent) { !$0.isOnTrial && $0.version == good.version && $0.failure != nil }
            #expect(back?.failure == "generation 7.1 was not confirmed within 1 s: went back to 6.0")
            #expect(back?.rejected == trial.version && back?.drift == [])
            #expect(try await interfaces() == ["gif2"])
            agent.receive(trial, trial: .seconds(60))
        }
        #expect(try await interfaces() == ["gif2"])
        try await running { agent in
            let again = await report(from: agent) { $0.version == good.version }
            #expect(again?.rejected == trial.version)
        }
        let text = try #require(try LocalStatus.read(from: directory)).text(isRunning: true, now: .now)
        #expect(text.contains("rejected    7.1") && text.contains("was not confirmed within 1 s"))
    }

    @Test(.timeLimit(.minutes(1)))
    func goesBackWhenItCannotBeApplied() async throws {
        await driver.refuse { operation in
            guard case .setTunnel(let tunnel) = operation, tunnel.interface == "gif9" else { return nil }
            return DataPlaneError(.refused, "no such thing")
        }
        try await running { agent in
            _ = await report(from: agent) { $0.version == good.version }
            agent.receive(trial, trial: .seconds(60))
            let back = await report(from: agent) { $0.rejected == trial.version && $0.tunnels.count == 1 && $0.drift == [] }
            #expect(back?.failure?.hasPrefix("generation 7.1 could not be applied (") == true && back?.version == good.version)
        }
        #expect(try await interfaces() == ["gif2"])
    }

    /// The file of a trial that belongs to another boot, is torn or is corrupt means: go back.
    @Test(arguments: ["another boot", "torn", "corrupt"], [true, false])
    func aTrialThatCannotGoOnIsLost(fault: String, hasGood: Bool) throws {
        if !hasGood { try directory.remove(LastGoodState.name) }
        let file = TrialFile(directory: directory)
        try file.store(Trial(trial, allowance: .seconds(60), now: .now), boot: .init(bytes: Array("elsewhere".utf8)))
        var bytes = try #require(try directory.read(TrialFile.name))
        switch fault {
        case "torn": bytes.removeLast(bytes.count / 2)
        case "corrupt": bytes[bytes.count - 3] ^= 1
        default: break
        }
        try directory.write(TrialFile.name, bytes)
        let (memory, _) = AgentFiles(directory: directory).load()
        guard case .over(let desired, _) = memory.trial else {
            Issue.record("the trial goes on: \(memory.trial)")
            return
        }
        #expect(desired == (fault == "another boot" ? trial : nil))
        var state = AgentState(site: Mesh.berlin)
        let actions = state.handle(.restored(memory), now: .now)
        #expect(actions.contains(.discardTrial) && state.rejected == (fault == "another boot" ? trial.version : nil))
        #expect(state.target?.version == (hasGood ? good.version : StateVersion.none))
        #expect(state.target?.plan.tunnels.map(\.interface) == (hasGood ? ["gif2"] : []))
    }

    /// Nobody's wall clock is asked: a deadline that is too far away is none, and time of another boot is no time.
    @Test func timeIsTheKernels() throws {
        let file = TrialFile(directory: directory), now = MonotonicTime.now
        try file.store(Trial(trial, allowance: .seconds(60), now: now), boot: .current)
        guard case .running(let same) = try file.load(boot: .current, now: now + .seconds(59)) else {
            Issue.record("the trial does not go on")
            return
        }
        #expect(same.left(now: now + .seconds(59)) == .seconds(1))
        guard case .running(let early) = try file.load(boot: .current, now: MonotonicTime(nanoseconds: 1)) else {
            Issue.record("the trial does not go on")
            return
        }
        #expect(early.left(now: MonotonicTime(nanoseconds: 1)) == .seconds(60))
        #expect(try file.load(boot: nil, now: now) == .over(trial, "was not confirmed before the gateway restarted"))
    }

    @Test func theGatewayTellsFromWhereItReachesTheWorld() {
        let all = OuterAddresses.find(toward: [IPAddress("127.0.0.1")!, IPAddress("::1")!], except: [])
        #expect(all.count <= 2 && Set(all.map(\.family)).count == all.count)
        #expect(!all.contains(IPAddress("127.0.0.1")!) && !all.contains(IPAddress("::1")!))
        #expect(OuterAddresses.find(toward: [], except: Set(all)) == [])
    }
}
