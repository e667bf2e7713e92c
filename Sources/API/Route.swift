import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenModel

/// One operation of the API, and all that is known of it: the router, the check of who may use it, the OpenAPI document and
/// the answers 404 and 405 come from these alone.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    let method: HTTPRequest.Method
    /// `/v1/sites/{site}/drain`; `/assets/**` takes whatever follows.
    let path: String
    let access: RouteAccess
    /// Unique: `drainSite`.
    let operation: String
    /// A sentence.
    let summary: String
    let parameters: [RouteParameter]
    let body: RouteBody?
    let answer: RouteAnswer
    /// The problems that it answers with, beside those that every route may: 400, 401, 403, 404, 406, 429 and 500.
    let refusals: [Int]
    let handler: Handler

    /// - Parameter parameters: those of the query; the names in braces in `path` are added as what their names say:
    ///   a site, a link, a generation's number.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: RouteAccess, _ operation: String, _ summary: String,
        parameters: [RouteParameter] = [], body: RouteBody? = nil, answer: RouteAnswer, refusals: [Int] = [],
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.operation = operation
        self.summary = summary
        self.parameters = RouteParameter.inPath(path) + parameters
        self.body = body
        self.answer = answer
        self.refusals = refusals
        self.handler = handler
    }
}

/// Who may use a route.
enum RouteAccess: Sendable, Equatable {
    /// Whoever asks, without a credential: nothing of the mesh may be told there.
    case anyone
    case least(AccessRole)

    static let viewer = RouteAccess.least(.viewer)
    static let `operator` = RouteAccess.least(.operator)
    static let admin = RouteAccess.least(.admin)
}

/// A type of the body of requests or answers.
struct RouteShape: Sendable {
    let schema: @Sendable (SchemaBook) throws -> JSONSchema
    init<Value: Decodable & SendableMetatype>(_ type: Value.Type) { schema = { try $0.schema(of: type) } }
}

/// The body that a request has, as JSON.
struct RouteBody: Sendable {
    let shape: RouteShape
    let mayBeEmpty: Bool

    static func json<Value: Decodable & SendableMetatype>(_ type: Value.Type) -> RouteBody {
        .init(shape: RouteShape(type), mayBeEmpty: false)
    }
    static func jsonOrNothing<Value: Decodable & SendableMetatype>(_ type: Value.Type) -> RouteBody {
        .init(shape: RouteShape(type), mayBeEmpty: true)
    }
}

/// What a route answers when it does what it is for.
struct RouteAnswer: Sendable {
    let status: HTTPResponse.Status
    /// Of the body; nil: there is none.
    let type: String?
    let shape: RouteShape?

    static func json<Value: Decodable & SendableMetatype>(_ type: Value.Type, _ status: HTTPResponse.Status = .ok)
        -> RouteAnswer
    {
        .init(status: status, type: "application/json", shape: RouteShape(type))
    }

    /// Another type of content: `text/event-stream`.
    static func content(_ type: String) -> RouteAnswer { .init(status: .ok, type: type, shape: nil) }

    /// A file, of whatever type it is.
    static let file = RouteAnswer(status: .ok, type: nil, shape: nil)

    static let nothing = RouteAnswer(status: .noContent, type: nil, shape: nil)
}
