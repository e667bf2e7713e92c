import FoundationEssentials
import GRPCCore
import Logging
import WarrenModel
import WarrenWire

/// `Enrolment` of `agent.proto`, for agents that have no certificate yet.
struct EnrolmentService: Warren_Agent_V1_Enrolment.SimpleServiceProtocol {
    let controller: Controller

    func caCertificate(
        request: Warren_Agent_V1_CACertificateRequest, context: ServerContext
    ) async throws -> Warren_Agent_V1_CACertificateResponse {
        .with { $0.certificate = Data(controller.authority.encoded) }
    }

    func enrol(request: Warren_Agent_V1_EnrolRequest, context: ServerContext) async throws -> Warren_Agent_V1_EnrolResponse {
        do {
            try Self.check(version: request.protocolVersion)
            return .init(
                try await controller.enrol(
                    token: request.token, site: request.site, request: Array(request.certificateRequest)))
        } catch {
            throw RPCError(translating: error, log: controller.log)
        }
    }

    static func check(version: UInt32) throws(ControllerError) {
        if let refusal = WireVersion(wire: version).refusal { throw .malformed(refusal) }
    }
}

extension Warren_Agent_V1_EnrolResponse {
    init(_ enrolled: (chain: [[UInt8]], mesh: String, site: SiteName)) {
        self.init()
        certificateChain = enrolled.chain.map { Data($0) }
        mesh = enrolled.mesh
        site = enrolled.site.description
    }
}

extension RPCError {
    /// What an agent is told: faults of its own in full, those of the controller only in its log.
    init(translating error: any Error, log: Logger) {
        switch error {
        case let error as RPCError: self = error
        case let error as ControllerError:
            switch error {
            case .malformed: self.init(code: .invalidArgument, message: "\(error)")
            case .unauthenticated: self.init(code: .unauthenticated, message: "\(error)")
            case .forbidden: self.init(code: .permissionDenied, message: "\(error)")
            case .unknownAccessToken, .unknownSite, .unknownLink, .unknownGeneration:
                self.init(code: .notFound, message: "\(error)")
            case .unavailable: self.init(code: .unavailable, message: "\(error)")
            case .failed, .stateDirectory, .authority, .rejected, .generationConflict, .changed, .rolloutUnderWay,
                .nothingToDo, .listener:
                log.error("a call of an agent failed", metadata: ["error": "\(error)"])
                self.init(code: .unavailable, message: "the controller cannot serve this now")
            }
        case is CancellationError: self.init(code: .cancelled, message: "cancelled")
        default:
            log.error("a call of an agent failed", metadata: ["error": "\(error)"])
            self.init(code: .unavailable, message: "the controller cannot serve this now")
        }
    }
}
