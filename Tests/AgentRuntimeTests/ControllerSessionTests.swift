import AgentCore
import DataPlane
import Logging
import Synchronization
import Testing
import WarrenController
import WarrenModel

@testable import AgentRuntime

/// The whole way, with the real controller: enrol, receive, apply, report.
struct ControllerSessionTests {
    /// An enrolled agent with its session, running while `body` does.
    private func running(
        _ mesh: Mesh, _ driver: FakeDataPlaneDriver, _ body: (Agent) async throws -> Void
    ) async throws {
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let identity = try await mesh.enrolment(token).enrol()
        let directory = try mesh.stateDirectory()
        let agent = Agent(site: identity.site, driver: driver, directory: directory, log: Mesh.quiet)
        let session = ControllerSession(
            agent: agent, identity: identity, address: await mesh.agentAddress, directory: directory,
            backoff: Backoff(base: .milliseconds(50), cap: .milliseconds(200)), log: Mesh.quiet)
        let tasks = [Task { await agent.run() }, Task { await session.run() }]
        do { try await body(agent) } catch {
            for task in tasks { task.cancel() }
            throw error
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await mesh.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func bringsDesiredStatesAndCarriesReports() async throws {
        let mesh = try await Mesh(), driver = FakeDataPlaneDriver()
        try await running(mesh, driver) { _ in
            let first = try await mesh.report(of: Mesh.berlin) { $0.applied.rawValue == 1 && $0.failure == nil }
            #expect(first?.tunnels.map(\.tunnel.interface) == ["gif2"])
            #expect(first?.drift == [])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func takesTheNextGeneration() async throws {
        let mesh = try await Mesh(), driver = FakeDataPlaneDriver()
        try await running(mesh, driver) { _ in
            _ = try await mesh.report(of: Mesh.berlin) { $0.applied.rawValue == 1 }
            var manner = Controller.Manner()
            manner.strategy.settleSeconds = 0
            _ = try await mesh.controller.accept(
                Mesh.files(network: "192.168.2.0/23"), manner: manner, expecting: Generation(rawValue: 1))
            // First both networks, then the new one alone.
            let second = try await mesh.report(of: Mesh.berlin) {
                $0.applied.rawValue == 2 && !$0.isOnTrial && $0.routes.count == 1
            }
            #expect(second?.routes.map(\.destination) == [IPPrefix("192.168.2.0/23")!])
        }
    }

    /// The controller's restart touches nothing on the gateway, and the session comes back by itself.
    @Test(.timeLimit(.minutes(1)))
    func comesBackAfterTheControllerDoes() async throws {
        let mesh = try await Mesh(), driver = FakeDataPlaneDriver()
        try await running(mesh, driver) { agent in
            _ = try await mesh.report(of: Mesh.berlin) { $0.applied.rawValue == 1 && $0.drift == [] && $0.failure == nil }
            let operations = await driver.performed
            await mesh.stop()
            let directory = try mesh.stateDirectory()
            for await _ in await agent.reports() {
                if case .lost = try LocalStatus.read(from: directory)?.controller { break }
            }
            #expect(await driver.performed == operations)
            try await mesh.start()
            _ = try await mesh.controller.accept(Mesh.files(network: "192.168.2.0/23"), expecting: Generation(rawValue: 1))
            #expect(try await mesh.report(of: Mesh.berlin) { $0.applied.rawValue == 2 } != nil)
        }
    }

    /// An agent whose place another took has no session for a moment at each attempt: it is told why, and waits.
    @Test(.timeLimit(.minutes(1)))
    func aRefusedAgentHasNoSession() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let identity = try await mesh.enrolment(token).enrol()
        let another = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        _ = try await mesh.enrolment(another, force: true).enrol()
        let directory = try mesh.stateDirectory("refused"), said = Said()
        let agent = Agent(site: identity.site, driver: FakeDataPlaneDriver(), directory: directory, log: Mesh.quiet)
        let session = ControllerSession(
            agent: agent, identity: identity, address: await mesh.agentAddress, directory: directory,
            backoff: Backoff(base: .milliseconds(10), cap: .milliseconds(20)), log: Logger(label: "test") { _ in said })
        let tasks = [Task { await agent.run() }, Task { await session.run() }]
        for await _ in await agent.reports() {
            guard case .lost(_, let reason) = try LocalStatus.read(from: directory)?.controller else { continue }
            #expect(reason.contains("not the one enrolled for site 'berlin' now"))
            #expect(reason.contains("'warren-agent enrol --force'"))
            break
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        #expect(said.lines.withLock { $0 } == ["no session with the controller"])
        await mesh.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func renewsItsCertificate() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let identity = try await mesh.enrolment(token).enrol()
        let directory = try mesh.stateDirectory()
        let renewed = try await withClient(of: identity, at: mesh.agentAddress) {
            try await CertificateRenewal.renew(identity, over: $0, in: directory)
        }
        #expect(renewed != identity && renewed.site == identity.site && renewed.authority == identity.authority)
        #expect(try AgentIdentity.load(from: directory) == renewed)
        let (begin, end) = try renewed.validity(), due = try CertificateRenewal.due(renewed)
        #expect(begin < due && due < end)
        // The new one opens sessions.
        let again = try await withClient(of: renewed, at: mesh.agentAddress) {
            try await CertificateRenewal.renew(renewed, over: $0, in: directory)
        }
        #expect(again != renewed)
        await mesh.stop()
    }
}

/// A log that can be read.
private final class Said: LogHandler {
    let lines = Mutex<[String]>([])
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { lines.withLock { $0.append("\(event.message)") } }
}
