import AgentCore
import GRPCCore
import Testing
import WarrenInventory
import WarrenModel
import WarrenWire

@testable import WarrenController

/// Agents of other versions than the controller's.
@Suite struct VersionSkewTests {
    private static func translated() -> [InventoryFile] {
        let file = TestMesh.inventory(["berlin", "tokyo"])[0]
        let network = file.text.split(separator: "networks: [")[1].split(separator: "]")[0]
        let line = "    networks: [\(network)]\n"
        return [
            InventoryFile(
                name: file.name,
                text: file.text.replacing(line, with: line + "    translate: {\(network): 10.77.1.0/24}\n", maxReplacements: 1))
        ]
    }

    /// What a session of that version gets first.
    private func first(
        _ agent: TestAgent, _ mesh: TestMesh, _ version: WireVersion
    ) async throws -> DesiredState? {
        let received = Mutable<DesiredState?>(nil)
        try await agent.session(at: mesh.linkPort, version: version) { message in
            #expect(WireVersion(wire: message.protocolVersion) <= version)
            received.value = try DesiredState(wire: message)
            return false
        }
        return received.value
    }

    /// Every one that there was, and the one that comes next.
    @Test(arguments: 0...WireVersion.current.minor + 1) func anAgentOfAnotherMinorVersionWorks(minor: UInt16) async throws {
        try await TestMesh.with { mesh in
            let agent = try await mesh.enrolled("berlin")
            let state = try await first(agent, mesh, WireVersion(major: 1, minor: minor))
            #expect(state?.plan.tunnels.count == 1)
            #expect(state?.plan.routes.isEmpty == false && state?.plan.unreachable.isEmpty == false)
        }
    }

    @Test func anAgentOfAnotherMajorVersionHearsWhy() async throws {
        try await TestMesh.with { mesh in
            let agent = try await mesh.enrolled("berlin")
            let error = await #expect(throws: RPCError.self) {
                _ = try await first(agent, mesh, WireVersion(major: 2, minor: 0))
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("version 2.0 of the agents' protocol is not understood") == true)
        }
    }

    /// It would run the state without the translation: it is not sent, and the status says why.
    @Test func aStateThatAnOlderAgentDoesNotKnowIsNotSent() async throws {
        try await TestMesh.with([]) { mesh in
            _ = try await mesh.controller.accept(Self.translated(), expecting: .none)
            let agent = try await mesh.enrolled("berlin")
            let report = Warren_Agent_V1_AgentMessage.with { $0.report.agentVersion = "0.0.9" }
            let (outgoing, sending) = AsyncStream.makeStream(of: Warren_Agent_V1_AgentMessage.self)
            sending.yield(report)
            let session = Task {
                try await agent.session(at: mesh.linkPort, outgoing: outgoing, version: .first) { _ in
                    Issue.record("it was sent")
                    return false
                }
            }
            defer { session.cancel() }
            let berlin = try mesh.site("berlin")
            let deadline = ContinuousClock.now + .seconds(10)
            var failure: String?
            while failure?.contains("update warren-agent") != true, ContinuousClock.now < deadline {
                failure = await mesh.controller.status().sites.first { $0.site == berlin }?.failure
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(
                failure?.contains("version 1.0") == true && failure?.contains("translated networks") == true, "\(failure ?? "")"
            )
            sending.finish()
            let current = try await first(agent, mesh, .current)
            #expect(current?.plan.translations.count == 1)
        }
    }
}
