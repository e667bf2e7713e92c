import AgentCore
import DataPlane
import Testing
import WarrenController
import WarrenModel
import WarrenWire

@testable import AgentRuntime

/// Trials over real connections, with mutual TLS.
struct TrialSessionTests {
    private let good = Desired.toTokyo(generation: 6)
    private let trial = Desired.toTokyo(generation: 7, revision: 1, mtu: 1300)

    /// An enrolled agent that runs `good`, in a session with a controller that does as it is told.
    private func running(
        _ driver: FakeDataPlaneDriver,
        _ body: @Sendable (TrialController, AgentRuntime.StateDirectory, Agent) async throws -> Void
    ) async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let identity = try await mesh.enrolment(token).enrol()
        await mesh.stop()
        let directory = try mesh.stateDirectory()
        try LastGoodState(directory: directory).store(good)
        let controller = try TrialController(authority: mesh.controller.authority)
        try await controller.serving { address in
            let agent = Agent(site: identity.site, driver: driver, directory: directory, log: Mesh.quiet)
            let session = ControllerSession(
                agent: agent, identity: identity, address: address, directory: directory,
                backoff: Backoff(base: .milliseconds(50), cap: .milliseconds(200)), log: Mesh.quiet)
            let tasks = [Task { await agent.run() }, Task { await session.run() }]
            var fault: (any Error)?
            do {
                _ = try await controller.report { $0.version == good.version }
                try await body(controller, directory, agent)
            } catch { fault = error }
            for task in tasks { task.cancel() }
            for task in tasks { await task.value }
            if let fault { throw fault }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aTrialIsConfirmedOverANewConnection() async throws {
        let driver = FakeDataPlaneDriver()
        try await running(driver) { controller, directory, _ in
            let before = await controller.hellos.count
            try await controller.send(trial, trialSeconds: 30, confirming: .onNewStreams)
            let confirmed = try await controller.report { $0.version == trial.version && !$0.isOnTrial }
            #expect(confirmed?.rejected == nil && confirmed?.failure == nil)
            let hellos = await controller.hellos
            #expect(hellos.count == before + 1)
            #expect(hellos.last?.onTrial == true && hellos.last.map { StateVersion(wire: $0.applied) } == trial.version)
            #expect(try LastGoodState(directory: directory).load() == .state(trial))
            // The state that was sent once more over the new connection made nothing happen.
            #expect(await driver.performed.filter { if case .setTunnel = $0 { true } else { false } }.count == 2)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aConfirmationOnTheOldConnectionIsNone() async throws {
        try await running(FakeDataPlaneDriver()) { controller, directory, _ in
            try await controller.send(trial, trialSeconds: 2, confirming: .atOnce)
            let tried = try await controller.report { $0.version == trial.version && $0.isOnTrial }
            #expect(tried != nil)
            let back = try await controller.report { $0.rejected != nil && $0.version == good.version }
            #expect(back?.rejected == trial.version)
            #expect(back?.failure == "generation 7.1 was not confirmed within 2 s: went back to 6.0")
            #expect(back?.isOnTrial == false)
            #expect(try LastGoodState(directory: directory).load() == .state(good))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aStateWithoutTrialStays() async throws {
        try await running(FakeDataPlaneDriver()) { controller, directory, _ in
            let before = await controller.hellos.count
            try await controller.send(trial, trialSeconds: 0, confirming: .never)
            let applied = try await controller.report { $0.version == trial.version && !$0.isOnTrial }
            #expect(applied != nil)
            #expect(await controller.hellos.count == before)
            #expect(try LastGoodState(directory: directory).load() == .state(trial))
        }
    }

    /// What was gone back from may have led the connection astray: a new one is not waited for.
    @Test(.timeLimit(.minutes(1)))
    func whoWentBackConnectsAnew() async throws {
        try await running(FakeDataPlaneDriver()) { controller, _, _ in
            try await controller.send(trial, trialSeconds: 1, confirming: .never)
            let back = try await controller.report { $0.rejected == trial.version && $0.version == good.version }
            #expect(back != nil)
            let last = try await controller.hello(after: 2) { !$0.onTrial && StateVersion(wire: $0.applied) == good.version }
            #expect(last != nil)
        }
    }

    /// A connection from an address that is gone is dead, and nobody says so.
    @Test(.timeLimit(.minutes(1)))
    func anotherAddressMakesANewConnection() async throws {
        try await running(FakeDataPlaneDriver()) { controller, _, agent in
            let before = await controller.hellos.count
            await agent.noteOrigin([IPAddress(v4: 0xCB00_7163)])
            let hello = try await controller.hello(after: before) { _ in true }
            #expect(hello != nil)
        }
    }
}
