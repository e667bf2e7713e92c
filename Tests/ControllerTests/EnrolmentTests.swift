import Crypto
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Testing
import WarrenModel
import WarrenWire
import X509

@testable import WarrenController

@Suite struct EnrolmentTests {
    /// The whole way of a new agent: authority over an unverified connection, check, enrol, and a certificate for its site.
    @Test func aTokenGivesACertificateOfItsSite() async throws {
        try await TestMesh.with { mesh in
            let text = try await mesh.controller.createToken(for: mesh.site("berlin"), lifetimeSeconds: 60).text()
            let token = try #require(EnrolmentToken(text: text))
            let unverified = try TestAgent.transport(
                port: mesh.enrolmentPort, trusting: mesh.controller.authority.encoded, verified: false)
            let authority = try await withGRPCClient(transport: unverified) { client in
                try await Warren_Agent_V1_Enrolment.Client(wrapping: client).caCertificate(.init(), options: TestAgent.options)
            }.certificate
            #expect(Array(SHA256.hash(data: authority)) == token.authorityFingerprint)
            let agent = try await TestAgent.enrol(token: text, as: "berlin", at: mesh.enrolmentPort, trusting: Array(authority))
            let certificate = try Certificate(derEncoded: agent.chain[0])
            let identity = try #require(SiteIdentity(certificate, meshID: mesh.controller.authority.meshID))
            #expect(identity.name.description == "berlin")
            #expect(agent.chain.last == Array(authority))
            // Nothing of what the request asked for got in.
            #expect(try certificate.extensions.subjectAlternativeNames?.count == 1)
            #expect(try certificate.extensions.extendedKeyUsage?.contains(.serverAuth) == false)
        }
    }

    private func code(_ body: () async throws -> Void) async -> RPCError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? RPCError)?.code
        }
    }

    @Test func tokensAreRefused() async throws {
        let start = Date()
        let date = Mutable(start)
        let clock = ControllerClock(date: { date.value }, monotonic: ControllerClock.system.monotonic)
        try await TestMesh.with(options: .init(clock: clock)) { mesh in
            let authority = mesh.controller.authority.encoded
            func enrol(_ token: String, _ site: String = "berlin", request: Data? = nil) async -> RPCError.Code? {
                await code {
                    _ = try await TestAgent.enrol(
                        token: token, as: site, at: mesh.enrolmentPort, trusting: authority, request: request)
                }
            }
            let token = try await mesh.controller.createToken(for: mesh.site("berlin"), lifetimeSeconds: 60)
            let stranger = try #require(
                EnrolmentToken(
                    site: token.site, authorityFingerprint: token.authorityFingerprint,
                    secret: SecretBytes(Array(repeating: 7, count: 32))))
            let foreign = try #require(
                EnrolmentToken(
                    site: token.site, authorityFingerprint: Array(repeating: 1, count: 32), secret: token.secret))
            #expect(await enrol("no token") == .invalidArgument)
            #expect(await enrol(stranger.text()) == .unauthenticated)
            #expect(await enrol(foreign.text()) == .unauthenticated)
            #expect(await enrol(token.text(), "tokyo") == .permissionDenied)
            #expect(await enrol(token.text(), request: Data([1, 2, 3])) == .invalidArgument)
            var tampered = try TestAgent.request(for: P256.Signing.PrivateKey())
            tampered[tampered.count - 1] ^= 1
            #expect(await enrol(token.text(), request: tampered) == .invalidArgument)
            // None of the refusals has used the token up; success does.
            #expect(await enrol(token.text()) == nil)
            #expect(await enrol(token.text()) == .permissionDenied)
            let late = try await mesh.controller.createToken(for: mesh.site("berlin"), lifetimeSeconds: 60)
            date.value = start + 61
            #expect(await enrol(late.text()) == .permissionDenied)
        }
    }

    @Test func noTokenForASiteThatIsNot() async throws {
        try await TestMesh.with { mesh in
            await #expect(throws: ControllerError.self) {
                try await mesh.controller.createToken(for: mesh.site("paris"), lifetimeSeconds: 60)
            }
        }
    }

    @Test func withoutACertificateThereIsNoSession() async throws {
        try await TestMesh.with { mesh in
            let transport = try TestAgent.transport(port: mesh.linkPort, trusting: mesh.controller.authority.encoded)
            await #expect(throws: RPCError.self) {
                try await withGRPCClient(transport: transport) { client in
                    _ = try await Warren_Agent_V1_AgentLink.Client(wrapping: client).renew(.init(), options: TestAgent.options)
                }
            }
        }
    }

    @Test func aCertificateOfAnotherMeshIsRefused() async throws {
        try await TestMesh.with { mesh in
            let agent = try await mesh.enrolled("berlin")
            try await TestMesh.with { other in
                // It trusts the other mesh's authority, and shows a certificate of its own.
                let stray = TestAgent(key: agent.key, chain: agent.chain, authority: other.controller.authority.encoded)
                await #expect(throws: RPCError.self) { try await stray.session(at: other.linkPort) { _ in false } }
            }
        }
    }

    @Test func anAgentRefusesTheControllerOfAnotherMesh() async throws {
        try await TestMesh.with { mesh in
            try await TestMesh.with { other in
                let token = try await other.controller.createToken(for: other.site("berlin"), lifetimeSeconds: 60)
                await #expect(throws: RPCError.self) {
                    _ = try await TestAgent.enrol(
                        token: token.text(), as: "berlin", at: other.enrolmentPort, trusting: mesh.controller.authority.encoded)
                }
            }
        }
    }
}

/// A value that a test changes under the code that reads it.
final class Mutable<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: Value
    init(_ value: Value) { stored = value }
    func mutate(_ change: (inout Value) -> Void) { lock.withLock { change(&stored) } }
    var value: Value {
        get { lock.withLock { stored } }
        set { lock.withLock { stored = newValue } }
    }
}
