import Crypto
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import ServiceLifecycle
import SwiftASN1
import Testing
import WarrenInventory
import WarrenModel
import WarrenWire
import X509

@testable import WarrenController

/// A controller on the loopback, with its state in a folder that goes with the test.
struct TestMesh: Sendable {
    let controller: Controller
    let linkPort: Int
    let enrolmentPort: Int

    static func inventory(_ sites: [String]) -> [InventoryFile] {
        let text = sites.enumerated().map { offset, name in
            let number = Int(name.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) % 200 }) + 1
            return """
                  \(name):
                    gateway: {public: 198.18.0.\(number), private: 172.20.\(number).1}
                    networks: [172.20.\(number).0/24]

                """
        }
        return [InventoryFile(name: "mesh.yaml", text: "version: 1\nmesh: acme\nsites:\n" + text.joined())]
    }

    /// Lends a mesh of `sites` that is served on ports of its own.
    static func with(
        _ sites: [String] = ["berlin", "tokyo"], options: Controller.Options = .init(),
        _ body: @Sendable (TestMesh) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("warren-mesh-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await Controller(
            directory: directory, options: options, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        if !sites.isEmpty { _ = try await controller.accept(inventory(sites), expecting: .none) }
        try await serve(controller, body)
    }

    static func serve(_ controller: Controller, _ body: @Sendable (TestMesh) async throws -> Void) async throws {
        let loopback = WarrenModel.Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 0)
        let listeners = try AgentListeners(controller: controller, link: loopback, enrolment: loopback)
        let group = ServiceGroup(services: [listeners], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let ports = try await listeners.ports
            do {
                try await body(
                    TestMesh(controller: controller, linkPort: Int(ports.link), enrolmentPort: Int(ports.enrolment)))
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    func site(_ name: String) throws -> SiteName { try #require(SiteName(name)) }

    /// Enrols with a new token as a real agent does, and returns what it then holds.
    func enrolled(_ name: String) async throws -> TestAgent {
        let token = try await controller.createToken(for: site(name), lifetimeSeconds: 60)
        return try await TestAgent.enrol(
            token: token.text(), as: name, at: enrolmentPort, trusting: controller.authority.encoded)
    }
}

/// An agent's side of the wire: a key, a certificate, and calls over real TLS.
struct TestAgent: Sendable {
    let key: P256.Signing.PrivateKey
    let chain: [[UInt8]]
    let authority: [UInt8]

    typealias Transport = HTTP2ClientTransport.Posix

    static func transport(
        port: Int, trusting authority: [UInt8], identity: TestAgent? = nil, verified: Bool = true
    ) throws -> Transport {
        let security: Transport.TransportSecurity
        if let identity {
            security = .mTLS(
                certificateChain: [.bytes(identity.chain[0], format: .der)],
                privateKey: .bytes(Array(identity.key.pemRepresentation.utf8), format: .pem)
            ) { $0.trustRoots = .certificates([.bytes(authority, format: .der)]) }
        } else {
            security = .tls {
                $0.trustRoots = .certificates([.bytes(authority, format: .der)])
                $0.serverCertificateVerification = verified ? .fullVerification : .noVerification
            }
        }
        return try .http2NIOPosix(
            target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: security,
            config: .defaults { $0.http2.authority = Wire.serverName })
    }

    static var options: CallOptions {
        var options = CallOptions.defaults
        options.timeout = .seconds(10)
        options.waitForReady = false
        return options
    }

    static func request(
        for key: P256.Signing.PrivateKey, name: String = "anyone", signedBy signer: P256.Signing.PrivateKey? = nil
    ) throws -> Data {
        let request = try CertificateSigningRequest(
            version: .v1, subject: try DistinguishedName { CommonName(name) }, privateKey: .init(key),
            attributes: .init([
                .init(
                    ExtensionRequest(
                        extensions: Certificate.Extensions {
                            SubjectAlternativeNames([
                                .uniformResourceIdentifier("spiffe://other/site/\(name)/0"), .dnsName("warrend"),
                            ])
                        }))
            ]), signatureAlgorithm: .ecdsaWithSHA256)
        return Data(try request.serializeAsPEM().derBytes)
    }

    static func enrol(
        token: String, as site: String, at port: Int, trusting authority: [UInt8], request: Data? = nil
    ) async throws -> TestAgent {
        let key = P256.Signing.PrivateKey()
        let answer = try await withGRPCClient(transport: transport(port: port, trusting: authority)) { client in
            try await Warren_Agent_V1_Enrolment.Client(wrapping: client).enrol(
                .with {
                    $0.protocolVersion = WireVersion.current.wire
                    $0.token = token
                    $0.site = site
                    $0.certificateRequest = try request ?? Self.request(for: key)
                }, options: options)
        }
        #expect(answer.site == site)
        return TestAgent(key: key, chain: answer.certificateChain.map { Array($0) }, authority: authority)
    }

    /// Opens a session: sends hello, then what `outgoing` gives; hands each message of the controller to `incoming` until
    /// that says stop or the stream ends.
    func session(
        at port: Int, hello: Bool = true, outgoing: AsyncStream<Warren_Agent_V1_AgentMessage>? = nil,
        version: WireVersion = .current,
        incoming: @escaping @Sendable (Warren_Agent_V1_DesiredState) async throws -> Bool
    ) async throws {
        try await withGRPCClient(transport: Self.transport(port: port, trusting: authority, identity: self)) { client in
            let (stop, stopping) = AsyncStream.makeStream(of: Warren_Agent_V1_AgentMessage.self)
            try await Warren_Agent_V1_AgentLink.Client(wrapping: client).sync(options: Self.options) { writer in
                if hello { try await writer.write(.with { $0.hello.protocolVersion = version.wire }) }
                if let outgoing { for await message in outgoing { try await writer.write(message) } }
                for await _ in stop {}
            } onResponse: { response in
                defer { stopping.finish() }
                for try await message in response.messages {
                    guard try await incoming(message.desired) else { return }
                }
            }
        }
    }
}
