import AgentCore
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import WarrenController
import WarrenModel
import WarrenWire

@testable import AgentRuntime

/// A controller that sends what it is told to, and confirms when it is told to, on the certificates of a mesh.
actor TrialController {
    private let server: GRPCServer<HTTP2ServerTransport.Posix>
    private var offer: (desired: DesiredState, seconds: UInt32)?
    private var confirms: Confirming = .never
    private var writers: [Int: RPCWriter<Warren_Agent_V1_ControllerMessage>] = [:]
    /// What agents said first, a stream each.
    private(set) var hellos: [Warren_Agent_V1_Hello] = []
    private(set) var reports: [AgentReport] = []

    enum Confirming: Sendable {
        case never
        /// On the stream on which the state was sent, before and after it is applied.
        case atOnce
        /// On a stream that begins with what was applied.
        case onNewStreams
    }

    init(authority: CertificateAuthority) throws {
        let issued = try authority.issueServer(names: ["127.0.0.1"], now: .now)
        let link = Link()
        server = GRPCServer(
            transport: .http2NIOPosix(
                address: .ipv4(host: "127.0.0.1", port: 0),
                transportSecurity: .mTLS(
                    certificateChain: [
                        .bytes(issued.certificate, format: .der), .bytes(authority.encoded, format: .der),
                    ], privateKey: .bytes(Array(issued.key.utf8), format: .pem)
                ) {
                    $0.trustRoots = .certificates([.bytes(authority.encoded, format: .der)])
                    $0.requireALPN = true
                }),
            services: [link])
        link.controller = self
    }

    /// Serves while `body` runs.
    nonisolated func serving(_ body: (ControllerAddress) async throws -> Void) async throws {
        let task = Task { try await server.serve() }
        let port = try await server.listeningAddress?.ipv4?.port ?? 0
        var fault: (any Error)?
        do { try await body(ControllerAddress(host: "127.0.0.1", port: UInt16(port))) } catch { fault = error }
        server.beginGracefulShutdown()
        try await task.value
        if let fault { throw fault }
    }

    func send(_ desired: DesiredState, trialSeconds: UInt32, confirming: Confirming) async throws {
        offer = (desired, trialSeconds)
        confirms = confirming
        for writer in writers.values { try await tell(writer) }
    }

    /// The first report for which `condition` holds; nil after ten seconds.
    nonisolated func report(where condition: @Sendable (AgentReport) -> Bool) async throws -> AgentReport? {
        for _ in 0..<500 {
            for report in await reports.reversed() where condition(report) { return report }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    /// The first hello after as many, of those for which `condition` holds; nil after ten seconds.
    nonisolated func hello(
        after count: Int = 0, where condition: @Sendable (Warren_Agent_V1_Hello) -> Bool
    ) async throws -> Warren_Agent_V1_Hello? {
        for _ in 0..<500 {
            for hello in await hellos.dropFirst(count) where condition(hello) { return hello }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    private func tell(_ writer: RPCWriter<Warren_Agent_V1_ControllerMessage>) async throws {
        guard let offer else { return }
        try await writer.write(
            .with {
                $0.desired = offer.desired.wire
                $0.trialSeconds = offer.seconds
            })
        if case .atOnce = confirms { try await writer.write(.with { $0.confirmed = offer.desired.version.wire }) }
    }

    private func opened(
        _ hello: Warren_Agent_V1_Hello, _ writer: RPCWriter<Warren_Agent_V1_ControllerMessage>
    ) async throws -> Int {
        hellos.append(hello)
        let stream = hellos.count
        writers[stream] = writer
        // What it confirms it sends once more, too, as a controller does that was restarted.
        if case .atOnce = confirms, hello.onTrial { return stream }
        try await tell(writer)
        if case .onNewStreams = confirms, hello.onTrial { try await writer.write(.with { $0.confirmed = hello.applied }) }
        return stream
    }

    private func received(
        _ report: Warren_Agent_V1_AgentReport, on writer: RPCWriter<Warren_Agent_V1_ControllerMessage>
    ) throws {
        reports.append(try AgentReport(wire: report, from: Mesh.berlin))
    }

    private func closed(_ stream: Int) { writers[stream] = nil }

    private final class Link: Warren_Agent_V1_AgentLink.SimpleServiceProtocol, @unchecked Sendable {
        /// Set once, before the server serves.
        weak var controller: TrialController?

        func sync(
            request: RPCAsyncSequence<Warren_Agent_V1_AgentMessage, any Error>,
            response: RPCWriter<Warren_Agent_V1_ControllerMessage>, context: ServerContext
        ) async throws {
            guard let controller else { return }
            var stream: Int?
            for try await message in request {
                switch message.body {
                case .hello(let hello): stream = try await controller.opened(hello, response)
                case .report(let report): try await controller.received(report, on: response)
                case .answer, nil: break
                }
            }
            if let stream { await controller.closed(stream) }
        }

        func renew(
            request: Warren_Agent_V1_RenewRequest, context: ServerContext
        ) async throws -> Warren_Agent_V1_EnrolResponse { throw RPCError(code: .unimplemented, message: "not in these tests") }
    }
}
