import Foundation
import Hummingbird
import Logging
import NIOCore
import WarrenAPIModel
import WarrenController
import WarrenInventory
import WarrenModel

/// Errors as `application/problem+json` (RFC 9457).
enum Problems {
    static func response(
        status: HTTPResponse.Status, detail: String, diagnostics: [Diagnostic]? = nil, headers: HTTPFields = [:]
    ) throws -> Response {
        let problem = APIMessage.Problem(
            title: status.reasonPhrase, status: status.code, detail: detail, diagnostics: diagnostics)
        var response = try JSONAnswer.response(problem, status: status)
        response.headers.append(contentsOf: headers)
        response.headers[.contentType] = "application/problem+json"
        return response
    }

    static func response(to error: any Error, log: Logger) throws -> Response {
        switch error {
        case let refusal as Refusal:
            return try response(status: refusal.status, detail: refusal.detail, headers: refusal.headers)
        case let error as ControllerError:
            switch error {
            case .rejected(let diagnostics):
                return try response(
                    status: .unprocessableContent, detail: "the inventory has \(diagnostics.count) faults",
                    diagnostics: diagnostics)
            case .generationConflict, .changed, .rolloutUnderWay, .nothingToDo:
                return try response(status: .conflict, detail: "\(error)")
            case .unknownSite, .unknownLink, .unknownGeneration, .unknownAccessToken:
                return try response(status: .notFound, detail: "\(error)")
            case .malformed: return try response(status: .badRequest, detail: "\(error)")
            case .unauthenticated, .forbidden: return try response(status: .forbidden, detail: "\(error)")
            case .unavailable: return try response(status: .serviceUnavailable, detail: "\(error)")
            case .failed, .stateDirectory, .authority, .listener:
                log.error("a request failed", metadata: ["error": "\(error)"])
                return try response(status: .internalServerError, detail: "\(error)")
            }
        // Nothing is wrong with the request, nor with the controller: the agent is away, or cannot.
        case let fault as QuestionFault: return try response(status: .conflict, detail: "\(fault)")
        case is NIOTooManyBytesError:
            return try response(status: .contentTooLarge, detail: "the body is larger than \(API.maximumBodySize) bytes")
        case let error as any HTTPResponseError:
            return try response(status: error.status, detail: (error as? HTTPError)?.body ?? error.status.reasonPhrase)
        default:
            log.error("a request failed", metadata: ["error": "\(error)"])
            return try response(status: .internalServerError, detail: "the controller failed; its log says why")
        }
    }
}

/// Turns whatever a route throws, and what no route takes, into a problem.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = APIContext
    let log: Logger

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return try Problems.response(to: error, log: log)
        }
    }
}

enum JSONAnswer {
    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try encode(value))))
    }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
