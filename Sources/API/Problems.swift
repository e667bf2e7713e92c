import Foundation
import Hummingbird
import Logging
import NIOCore
import WarrenAPIModel
import WarrenController
import WarrenInventory

/// Errors as `application/problem+json` (RFC 9457).
enum Problems {
    static func response(
        status: HTTPResponse.Status, detail: String, diagnostics: [Diagnostic]? = nil
    ) throws -> Response {
        let problem = APIMessage.Problem(
            title: status.reasonPhrase, status: status.code, detail: detail, diagnostics: diagnostics)
        var response = try JSONAnswer.response(problem, status: status)
        response.headers[.contentType] = "application/problem+json"
        return response
    }

    static func response(to error: any Error, log: Logger) throws -> Response {
        switch error {
        case let error as APIMessage.Problem: return try JSONAnswer.problem(error)
        case let error as ControllerError:
            switch error {
            case .rejected(let diagnostics):
                return try response(
                    status: .unprocessableContent, detail: "the inventory has \(diagnostics.count) faults",
                    diagnostics: diagnostics)
            case .generationConflict, .changed, .rolloutUnderWay, .nothingToDo:
                return try response(status: .conflict, detail: "\(error)")
            case .unknownSite, .unknownGeneration: return try response(status: .notFound, detail: "\(error)")
            case .malformed: return try response(status: .badRequest, detail: "\(error)")
            case .unauthenticated, .forbidden: return try response(status: .forbidden, detail: "\(error)")
            case .unavailable: return try response(status: .serviceUnavailable, detail: "\(error)")
            case .failed, .stateDirectory, .authority, .listener:
                log.error("a request failed", metadata: ["error": "\(error)"])
                return try response(status: .internalServerError, detail: "\(error)")
            }
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
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    let log: Logger
    /// Path patterns and the methods that they take, for telling 405 from 404; `*` stands for one component.
    let routes: [String: Set<HTTPRequest.Method>]

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound && error.body == nil {
            guard let allowed = methods(of: request.uri.path), !allowed.contains(request.method) else {
                return try Problems.response(status: .notFound, detail: "there is no such route")
            }
            let list = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            var response = try Problems.response(status: .methodNotAllowed, detail: "this route takes \(list)")
            response.headers[.allow] = list
            return response
        } catch {
            return try Problems.response(to: error, log: log)
        }
    }

    private func methods(of path: String) -> Set<HTTPRequest.Method>? {
        let parts = path.split(separator: "/")
        return routes.first { pattern, _ in
            let wanted = pattern.split(separator: "/")
            return wanted.count == parts.count && zip(wanted, parts).allSatisfy { $0 == "*" || $0 == $1 }
        }?.value
    }
}

enum JSONAnswer {
    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try encode(value))))
    }

    static func problem(_ problem: APIMessage.Problem) throws -> Response {
        try Problems.response(status: .init(code: problem.status), detail: problem.detail, diagnostics: problem.diagnostics)
    }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
