import Crypto
import Foundation
import Testing
import WarrenModel
import X509

@testable import WarrenController

/// Agents that ask again, since an answer was lost, and wishes that come late.
@Suite struct RepeatedWishTests {
    private func leaf(_ answer: (chain: [[UInt8]], mesh: String, site: SiteName)) throws -> Certificate {
        try Certificate(derEncoded: try #require(answer.chain.first))
    }

    @Test func theSameKeyEnrolsAgainAndNoOtherDoes() async throws {
        try await TestMesh.with { mesh in
            let controller = mesh.controller, key = P256.Signing.PrivateKey()
            let token = try await controller.createToken(for: mesh.site("berlin"), lifetimeSeconds: 60).text()
            let request = try Array(TestAgent.request(for: key))
            let first = try await controller.enrol(token: token, site: "berlin", request: request)
            let second = try await controller.enrol(token: token, site: "berlin", request: request)
            #expect(first.chain == second.chain)
            let stranger = try Array(TestAgent.request(for: P256.Signing.PrivateKey()))
            await #expect(throws: ControllerError.self) {
                try await controller.enrol(token: token, site: "berlin", request: stranger)
            }
            _ = try await controller.authenticate(leaf(first))
            // Once another agent is there, or none, the token brings nothing back.
            _ = try await mesh.enrolled("berlin")
            await #expect(throws: ControllerError.self) {
                try await controller.enrol(token: token, site: "berlin", request: request)
            }
        }
    }

    /// Two calls at once, as when an agent gave up the first: both get the one certificate.
    @Test func twoCallsOfOneKeyGetOneCertificate() async throws {
        try await TestMesh.with { mesh in
            let controller = mesh.controller
            let token = try await controller.createToken(for: mesh.site("berlin"), lifetimeSeconds: 60).text()
            let request = try Array(TestAgent.request(for: P256.Signing.PrivateKey()))
            let chains = try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
                for _ in 0..<8 {
                    group.addTask { try await controller.enrol(token: token, site: "berlin", request: request).chain }
                }
                return try await group.reduce(into: Set<[[UInt8]]>()) { $0.insert($1) }
            }
            #expect(chains.count == 1)
        }
    }

    @Test func aRenewalThatIsAskedForAgainIsTheSame() async throws {
        try await TestMesh.with { mesh in
            let controller = mesh.controller, agent = try await mesh.enrolled("berlin")
            let old = try Certificate(derEncoded: agent.chain[0])
            let request = try Array(TestAgent.request(for: P256.Signing.PrivateKey()))
            let first = try await controller.renew(old, request: request)
            let second = try await controller.renew(old, request: request)
            #expect(first.chain == second.chain)
            // Seen: the old one is good for nothing, and a wish with it that comes late does not bring it back.
            _ = try await controller.authenticate(leaf(first))
            await #expect(throws: ControllerError.self) { try await controller.renew(old, request: request) }
            _ = try await controller.authenticate(leaf(first))
        }
    }

    /// The hardware that is replaced renews its certificate while the new one enrols: it does not get the site back.
    @Test func aFormerHostDoesNotRenewOverTheNewOne() async throws {
        try await TestMesh.with { mesh in
            let controller = mesh.controller
            for _ in 0..<20 {
                let former = try await Certificate(derEncoded: mesh.enrolled("berlin").chain[0])
                let token = try await controller.createToken(for: mesh.site("berlin"), lifetimeSeconds: 60).text()
                let own = try Array(TestAgent.request(for: P256.Signing.PrivateKey()))
                let others = try Array(TestAgent.request(for: P256.Signing.PrivateKey()))
                async let enrolled = controller.enrol(token: token, site: "berlin", request: own)
                for _ in 0..<4 { _ = try? await controller.renew(former, request: others) }
                let new = try await leaf(enrolled)
                _ = try await controller.authenticate(new)
                await #expect(throws: ControllerError.self) { try await controller.authenticate(former) }
            }
        }
    }
}
