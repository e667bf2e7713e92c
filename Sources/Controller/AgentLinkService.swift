import AgentCore
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import WarrenFailpoints
import WarrenModel
import WarrenWire
import X509

/// `AgentLink` of `agent.proto`: who calls is what the client certificate says, and nothing else.
struct AgentLinkService: Warren_Agent_V1_AgentLink.SimpleServiceProtocol {
    let controller: Controller

    func sync(
        request: RPCAsyncSequence<Warren_Agent_V1_AgentMessage, any Error>,
        response: RPCWriter<Warren_Agent_V1_ControllerMessage>, context: ServerContext
    ) async throws {
        let certificate = try Self.certificate(of: context)
        let (opened, opening) = AsyncStream.makeStream(of: Session.self)
        let controller = controller
        let remote = NameLookup.address(ofPeer: context.remotePeer)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await Self.read(request, from: certificate, at: remote, into: controller, opening: opening)
                }
                group.addTask {
                    for await session in opened { try await Self.send(session, from: controller, to: response) }
                }
                // Whichever ends first ends the stream, with its error: the agent has gone or is refused, or the controller
                // ends the session. `opened` is left open, so that a refusal is never overtaken by the end of the sending.
                try await group.next()
                group.cancelAll()
            }
        } catch {
            throw RPCError(translating: error, log: controller.log)
        }
    }

    private static func read(
        _ request: RPCAsyncSequence<Warren_Agent_V1_AgentMessage, any Error>, from certificate: Certificate,
        at remote: IPAddress?, into controller: Controller, opening: AsyncStream<Session>.Continuation
    ) async throws {
        var session: Session?
        do {
            for try await message in request {
                switch (message.body, session) {
                case (.hello(let hello), nil):
                    let version = WireVersion(wire: hello.protocolVersion)
                    if let refusal = version.refusal {
                        controller.noteRefusal(of: certificate, refusal)
                        throw ControllerError.malformed(refusal)
                    }
                    let running = hello.hasApplied ? StateVersion(wire: hello.applied) : .none
                    let new = try await controller.openSession(
                        certificate, .init(version: version, running: running, isOnTrial: hello.onTrial, remote: remote))
                    session = new
                    opening.yield(new)
                case (.report(let report), let session?):
                    Failpoint.controllerReportReceived.pass()
                    try await controller.receive(report, in: session)
                case (.answer(let chunk), let session?): session.questions.receive(chunk, ring: session.ring)
                case (.hello, _?): throw ControllerError.malformed("a second hello")
                case (.report, nil), (.answer, nil): throw ControllerError.malformed("a report or an answer before hello")
                case (nil, _): throw ControllerError.malformed("an empty message, or one of a kind unknown here")
                }
            }
        } catch {
            if let session {
                // The first reason given is the one that the agent hears.
                if let reason = error as? ControllerError { session.end(reason) }
                await controller.closed(session)
            }
            throw error
        }
        if let session { await controller.closed(session) }
    }

    /// Sends what is to be told at each ring until the session ends, and then throws the reason.
    private static func send(
        _ session: Session, from controller: Controller, to response: RPCWriter<Warren_Agent_V1_ControllerMessage>
    ) async throws {
        for await _ in session.bell {
            for message in try await controller.messages(for: session) {
                Failpoint.controllerPushDerived.pass()
                try await response.write(message)
                Failpoint.controllerPushSent.pass()
            }
        }
        if let reason = session.reason { throw reason }
    }

    func renew(request: Warren_Agent_V1_RenewRequest, context: ServerContext) async throws -> Warren_Agent_V1_EnrolResponse {
        let certificate = try Self.certificate(of: context)
        do {
            try EnrolmentService.check(version: request.protocolVersion)
            return .init(try await controller.renew(certificate, request: Array(request.certificateRequest)))
        } catch {
            throw RPCError(translating: error, log: controller.log)
        }
    }

    private static func certificate(of context: ServerContext) throws(RPCError) -> Certificate {
        guard let certificate = (context.transportSpecific as? HTTP2ServerTransport.Posix.Context)?.peerCertificate else {
            throw RPCError(code: .unauthenticated, message: "a client certificate is needed")
        }
        return certificate
    }
}
