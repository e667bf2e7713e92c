import AgentCore
import Foundation
import GRPCCore
import Logging
import Testing
import WarrenModel
import WarrenWire

@testable import WarrenController

@Suite struct SessionTests {
    /// Each gateway is sent its own plan and just its own keys, and both ends of a link the same key.
    @Test func eachGetsItsOwnPlanAndKeys() async throws {
        try await TestMesh.with(["berlin", "oslo", "tokyo"]) { mesh in
            var states: [String: DesiredState] = [:]
            for name in ["berlin", "oslo", "tokyo"] {
                let received = Mutable<DesiredState?>(nil)
                try await mesh.enrolled(name).session(at: mesh.linkPort) { message in
                    received.value = try DesiredState(wire: message)
                    return false
                }
                states[name] = received.value
            }
            for (name, state) in states {
                #expect(state.plan.site.description == name)
                #expect(state.generation == Generation(rawValue: 1))
                #expect(state.keys.count == 2)
                #expect(state.keys.keys.allSatisfy { $0.link.contains(state.plan.site) })
            }
            let berlin = try #require(states["berlin"]), tokyo = try #require(states["tokyo"])
            let shared = Set(berlin.keys.keys).intersection(tokyo.keys.keys)
            #expect(shared.count == 1)
            for reference in shared { #expect(berlin.keys[reference] == tokyo.keys[reference]) }
            #expect(Set(states.values.flatMap { $0.keys.values.map { $0.secret.withBytes { Array($0) } } }).count == 3)
        }
    }

    @Test func acceptingPushesAndReportsComeBack() async throws {
        try await TestMesh.with { mesh in
            let agent = try await mesh.enrolled("berlin")
            let (outgoing, sending) = AsyncStream.makeStream(of: Warren_Agent_V1_AgentMessage.self)
            try await agent.session(at: mesh.linkPort, outgoing: outgoing) { message in
                let generation = message.version.generation
                sending.yield(
                    .with {
                        $0.report =
                            AgentReport(
                                site: SiteName("tokyo")!, agentVersion: "9",
                                version: StateVersion(generation: Generation(rawValue: generation)),
                                drift: ["x"]
                            ).wire
                    })
                guard generation < 2 else {
                    sending.finish()
                    return false
                }
                #expect(await mesh.controller.status().sites[0].connected)
                _ = try await mesh.controller.accept(
                    TestMesh.inventory(["berlin", "tokyo", "vienna"]), expecting: Generation(rawValue: 1))
                return true
            }
            let report = try #require(try await mesh.controller.report(of: mesh.site("berlin")))
            // The sender is who the certificate says.
            #expect(report.site == (try mesh.site("berlin")))
            #expect(report.applied >= Generation(rawValue: 1))
            #expect(report.drift == ["x"])
            #expect(try await mesh.controller.report(of: mesh.site("tokyo")) == nil)
        }
    }

    @Test func reEnrolmentEndsTheFormerAgent() async throws {
        try await TestMesh.with { mesh in
            let former = try await mesh.enrolled("berlin")
            let error = await #expect(throws: RPCError.self) {
                try await former.session(at: mesh.linkPort) { _ in
                    let next = try await mesh.enrolled("berlin")
                    #expect(next.chain != former.chain)
                    return true
                }
            }
            #expect(error?.code == .unauthenticated)
            let again = await #expect(throws: RPCError.self) { try await former.session(at: mesh.linkPort) { _ in false } }
            #expect(again?.code == .unauthenticated)
        }
    }

    @Test func aNewerSessionTakesOver() async throws {
        try await TestMesh.with { mesh in
            let agent = try await mesh.enrolled("berlin")
            let error = await #expect(throws: RPCError.self) {
                try await agent.session(at: mesh.linkPort) { _ in
                    try await agent.session(at: mesh.linkPort) { _ in false }
                    return true
                }
            }
            #expect(error?.code == .permissionDenied)
        }
    }

    @Test func helloComesFirst() async throws {
        try await TestMesh.with { mesh in
            let agent = try await mesh.enrolled("berlin")
            let outgoing = AsyncStream<Warren_Agent_V1_AgentMessage> { continuation in
                continuation.yield(.with { $0.report = .init() })
                continuation.finish()
            }
            let error = await #expect(throws: RPCError.self) {
                try await agent.session(at: mesh.linkPort, hello: false, outgoing: outgoing) { _ in true }
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func renewalKeepsTheOldCertificateUntilTheNewIsUsed() async throws {
        try await TestMesh.with { mesh in
            let old = try await mesh.enrolled("berlin")
            let answer = try await withGRPCClient(
                transport: TestAgent.transport(port: mesh.linkPort, trusting: old.authority, identity: old)
            ) { client in
                try await Warren_Agent_V1_AgentLink.Client(wrapping: client).renew(
                    .with {
                        $0.protocolVersion = WireVersion.current.wire
                        $0.certificateRequest = try TestAgent.request(for: old.key)
                    }, options: TestAgent.options)
            }
            let new = TestAgent(key: old.key, chain: answer.certificateChain.map { Array($0) }, authority: old.authority)
            try await old.session(at: mesh.linkPort) { _ in false }
            try await new.session(at: mesh.linkPort) { _ in false }
            await #expect(throws: RPCError.self) { try await old.session(at: mesh.linkPort) { _ in false } }
        }
    }
}
