import Foundation
import Testing
import WarrenController
import WarrenModel
import WarrenWire

@testable import AgentRuntime

struct EnrolmentTests {
    @Test(.timeLimit(.minutes(1)))
    func enrolsOnceAndRefusesAgain() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let identity = try await mesh.enrolment(token).enrol()
        let directory = try mesh.stateDirectory()
        #expect(identity.site == Mesh.berlin && identity.mesh == "acme")
        #expect(try AgentIdentity.load(from: directory) == identity)
        let mode = try FileManager.default.attributesOfItem(atPath: directory.file(AgentIdentity.name))[.posixPermissions]
        #expect(mode as? Int == 0o600)
        // An identity is there.
        await #expect { _ = try await mesh.enrolment(token) } throws: { "\($0)".contains("--force enrols it anew") }
        // The token is used up.
        let error = await #expect(throws: AgentError.self) { _ = try await mesh.enrolment(token, force: true).enrol() }
        #expect(error?.code == .refused && error?.message.contains("used") == true, "\(error as Any)")
        #expect(try AgentIdentity.load(from: directory) == identity)
        await mesh.stop()
    }

    /// The agent died before the answer was on disk: the same token is good for the same key, and only in its hands.
    @Test(.timeLimit(.minutes(1)))
    func enrolsAgainWhenTheAnswerWasLost() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let directory = try mesh.stateDirectory()
        let key = try CertificateRequestFile(directory: directory).begin(
            .enrolment(token: token.secret.withBytes { Checksum.of(Array($0)) })
        ).key
        let request = try #require(try directory.read(CertificateRequestFile.name))
        let first = try await mesh.enrolment(token).enrol()
        #expect(first.privateKey.rawRepresentation == key.rawRepresentation)
        #expect(try directory.read(CertificateRequestFile.name) == nil)
        // Nothing of the identity, or half of it: no --force is needed.
        for leftover in [nil, Array("{\"site".utf8)] {
            try directory.write(CertificateRequestFile.name, request)
            if let leftover {
                try directory.write(AgentIdentity.name, leftover)
            } else {
                try directory.remove(AgentIdentity.name)
            }
            #expect(try await mesh.enrolment(token).enrol() == first)
        }
        let other = try mesh.stateDirectory("other")
        let thief = try await Enrolment(token: token, controller: mesh.enrolmentAddress, directory: other)
        let error = await #expect(throws: AgentError.self) { _ = try await thief.enrol() }
        #expect(error?.code == .refused)
        await mesh.stop()
    }

    /// A renewed identity of which power left a half: the one before is still good.
    @Test(.timeLimit(.minutes(1)))
    func fallsBackToTheIdentityBefore() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let identity = try await mesh.enrolment(mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)).enrol()
        let directory = try mesh.stateDirectory()
        try identity.storeRenewed(in: directory)
        try directory.write(AgentIdentity.name, Array("{\"site".utf8))
        #expect(try AgentIdentity.load(from: directory) == identity)
        // The half one does not take the place of the whole one.
        try identity.storeRenewed(in: directory)
        try directory.write(AgentIdentity.name, [])
        #expect(try AgentIdentity.load(from: directory) == identity)
        try directory.remove(AgentIdentity.formerName)
        #expect(throws: AgentError.self) { try AgentIdentity.load(from: directory) }
        await mesh.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func forcedEnrolmentReplacesTheIdentityAndKeepsTheStateOfTheSameMesh() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let directory = try mesh.stateDirectory()
        let first = try await mesh.enrolment(mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)).enrol()
        try LastGoodState(directory: directory).store(Desired.toTokyo(generation: 1))
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let second = try await mesh.enrolment(token, force: true).enrol()
        #expect(first != second)
        #expect(try directory.read(LastGoodState.name) != nil)
        let other = try await mesh.controller.createToken(for: Mesh.tokyo, lifetimeSeconds: 60)
        _ = try await mesh.enrolment(other, force: true).enrol()
        #expect(try directory.read(LastGoodState.name) == nil)
        #expect(try directory.read("desired.bin.former") != nil)
        await mesh.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func sendsNothingToAControllerOfAnotherAuthority() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try #require(
            EnrolmentToken(
                site: Mesh.berlin, authorityFingerprint: Array(repeating: 9, count: 32),
                secret: SecretBytes(Array(repeating: 1, count: 32))))
        let error = await #expect(throws: AgentError.self) { _ = try await mesh.enrolment(token).enrol() }
        #expect(error?.code == .untrusted && error?.message.contains("fingerprint") == true)
        #expect(try AgentIdentity.load(from: mesh.stateDirectory()) == nil)
        await mesh.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func refusesAnUnknownToken() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try #require(
            EnrolmentToken(
                site: Mesh.berlin, authorityFingerprint: mesh.controller.authority.fingerprint,
                secret: SecretBytes(Array(repeating: 1, count: 32))))
        let error = await #expect(throws: AgentError.self) { _ = try await mesh.enrolment(token).enrol() }
        #expect(error?.code == .refused)
        await mesh.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func saysThatNoControllerAnswers() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        await mesh.stop()
        let error = await #expect(throws: AgentError.self) { _ = try await mesh.enrolment(token).enrol() }
        #expect(error?.code == .unreachable && error?.message.hasPrefix("no controller answers at 127.0.0.1:") == true)
    }

    /// Two ports of one host are easily taken for one another.
    @Test(.timeLimit(.minutes(1)))
    func namesThePortThatIsMeant() async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let wrong = try Enrolment(token: token, controller: await mesh.agentAddress, directory: mesh.stateDirectory())
        let error = await #expect(throws: AgentError.self) { _ = try await wrong.enrol() }
        #expect(error?.message.contains("where it serves agents that are enrolled") == true, "\(error as Any)")
        #expect(error?.message.contains("7444") == true)
        await mesh.stop()
    }

    @Test func checksTheSiteAndTheAddressFirst() throws {
        let folder = try TemporaryDirectory()
        let directory = try AgentRuntime.StateDirectory(path: folder.path("state"))
        let token = try #require(
            EnrolmentToken(
                site: Mesh.berlin, authorityFingerprint: Array(repeating: 9, count: 32),
                secret: SecretBytes(Array(repeating: 1, count: 32))))
        #expect { try Enrolment(token: token, site: Mesh.tokyo, directory: directory) } throws: {
            "\($0)" == "the token is for site berlin, not tokyo"
        }
        #expect { try Enrolment(token: token, directory: directory) } throws: { "\($0)".contains("--controller") }
        #expect(throws: AgentError.self) { try Enrolment.token(text: "not a token") }
    }

    @Test(arguments: [
        ("192.0.2.1:7000", "192.0.2.1:7000"), ("192.0.2.1", "192.0.2.1:7444"),
        ("warrend.example.org", "warrend.example.org:7444"),
        ("[2001:db8::1]:7000", "[2001:db8::1]:7000"), ("2001:db8::1", "[2001:db8::1]:7444"),
        ("[2001:db8::1]", "[2001:db8::1]:7444"),
    ])
    func readsAddresses(text: String, expected: String) {
        #expect(ControllerAddress(enrolment: text)?.description == expected)
    }

    @Test(arguments: ["", ":1", "host:", "host:0", "host:65536", "host:+1", "[192.0.2.1]:1", "[2001:db8::1", "a b", "[::1]x"])
    func refusesWhatIsNoAddress(text: String) {
        #expect(ControllerAddress(enrolment: text) == nil)
    }
}
