import Foundation
import Hummingbird
import Logging
import NIOCore
import WarrenAPIModel
import WarrenController
import WarrenModel
import WarrenPlan
import WarrenStatus

extension API {
    typealias Handler = @Sendable (Request, BasicRequestContext) async throws -> Response

    typealias Route = (method: HTTPRequest.Method, path: String, handler: Handler)

    private static func meshRoutes(_ controller: Controller) -> [Route] {
        [
            (
                .get, "/v1/version",
                { _, _ in
                    try JSONAnswer.response(
                        APIMessage.Version(version: Controller.version, agentProtocol: Controller.agentProtocol))
                }
            ),
            (.get, "/v1/status", { _, _ in try StatusStream.response(await controller.status()) }),
            (.get, "/v1/plan", { request, _ in try await currentPlan(request, controller) }),
            (.post, "/v1/plan", { request, _ in try await preview(request, controller) }),
            (.get, "/v1/generations", { request, _ in try await generations(request, controller) }),
            (.post, "/v1/generations", { request, _ in try await accept(request, controller) }),
            (.post, "/v1/tokens", { request, _ in try await createToken(request, controller) }),
            (.get, "/v1/events", { request, _ in try await events(request, controller) }),
            (.get, "/v1/reports/:site", { _, context in try await report(context, controller) }),
            (.get, "/v1/watch", { _, _ in StatusWatch.response(controller) }),
        ]
    }

    /// Every route, with the token in front when there is one.
    static func router(controller: Controller, log: Logger, guardedBy token: BearerToken?) -> Router<BasicRequestContext> {
        let routes = meshRoutes(controller) + rolloutRoutes(controller) + operationRoutes(controller)
        var methods: [String: Set<HTTPRequest.Method>] = [:]
        for route in routes {
            let pattern = route.path.split(separator: "/").map { $0.hasPrefix(":") ? "*" : $0 }.joined(separator: "/")
            methods[pattern, default: []].insert(route.method)
        }
        let router = Router()
        router.add(middleware: ProblemMiddleware(log: log, routes: methods))
        if let token { router.add(middleware: BearerMiddleware(token: token)) }
        for route in routes { router.on(RouterPath(route.path), method: route.method, use: route.handler) }
        return router
    }

    private static func currentPlan(_ request: Request, _ controller: Controller) async throws -> Response {
        guard let (generation, mesh) = await controller.currentMesh else {
            throw HTTPError(.notFound, message: "no inventory has been applied yet")
        }
        guard let text = request.uri.queryParameters["site"] else { return PlanStream.response(generation, mesh) }
        guard let site = SiteName(String(text)) else { throw HTTPError(.badRequest, message: "'site' is not a site's name") }
        guard let gateway = mesh[site] else { throw ControllerError.unknownSite(site) }
        return try JSONAnswer.response(
            APIMessage.CurrentPlan(generation: generation, plan: Plan(mesh: mesh.mesh, gateways: [gateway])))
    }

    private static func preview(_ request: Request, _ controller: Controller) async throws -> Response {
        let message: APIMessage.PlanRequest = try await body(of: request)
        let preview = try await controller.preview(message.files, assignments: message.assignments, of: message.site)
        return try JSONAnswer.response(
            APIMessage.PlanPreview(current: preview.current, assignments: preview.assignments, changes: preview.changes))
    }

    private static func accept(_ request: Request, _ controller: Controller) async throws -> Response {
        let message: APIMessage.ApplyRequest = try await body(of: request)
        let generation = try await controller.accept(
            message.files, assignments: message.assignments, manner: Controller.Manner(message.strategy),
            expecting: message.expected, fingerprint: message.fingerprint)
        return try JSONAnswer.response(APIMessage.Accepted(generation: generation), status: .created)
    }

    private static func createToken(_ request: Request, _ controller: Controller) async throws -> Response {
        let message: APIMessage.TokenRequest = try await body(of: request)
        let token = try await controller.createToken(for: message.site, lifetimeSeconds: message.lifetimeSeconds)
        let answer = APIMessage.TokenResponse(token: token.text(), expiresInSeconds: message.lifetimeSeconds)
        return try JSONAnswer.response(answer, status: .created)
    }

    private static func generations(_ request: Request, _ controller: Controller) async throws -> Response {
        var limit = 100
        if let text = request.uri.queryParameters["limit"] {
            guard let number = Int(text), (1...1000).contains(number) else {
                throw HTTPError(.badRequest, message: "'limit' is not a number from 1 to 1000")
            }
            limit = number
        }
        let summaries = try await controller.generations(limit: limit).map { record in
            APIMessage.GenerationSummary(
                generation: record.generation, mesh: record.mesh, sites: record.siteCount, acceptedAt: text(record.acceptedAt))
        }
        return try JSONAnswer.response(summaries)
    }

    private static func events(_ request: Request, _ controller: Controller) async throws -> Response {
        var since: UInt64 = 0
        if let text = request.uri.queryParameters["since"] {
            guard let number = UInt64(text) else { throw HTTPError(.badRequest, message: "'since' is not an event's number") }
            since = number
        }
        let events = try await controller.events(since: since).map { event in
            APIMessage.Event(
                number: event.number, at: text(event.at), kind: event.kind.rawValue, site: event.site, text: event.text)
        }
        return try JSONAnswer.response(events)
    }

    private static func report(_ context: BasicRequestContext, _ controller: Controller) async throws -> Response {
        let site = try site(in: context)
        guard let report = try await controller.report(of: site) else {
            throw HTTPError(.notFound, message: "the agent of '\(site)' has not reported since the controller started")
        }
        return try JSONAnswer.response(report)
    }

    /// The site that the path names.
    static func site(in context: BasicRequestContext) throws -> SiteName {
        guard let site = context.parameters.get("site").flatMap({ SiteName($0) }) else {
            throw HTTPError(.badRequest, message: "this is not a site's name")
        }
        return site
    }

    /// - Parameter empty: what an empty body stands for; nil when it stands for nothing.
    static func body<Message: Decodable>(of request: Request, orElse empty: Message? = nil) async throws -> Message {
        let buffer = try await request.body.collect(upTo: maximumBodySize)
        if let empty, buffer.readableBytes == 0 { return empty }
        do {
            return try JSONDecoder().decode(Message.self, from: Data(buffer.readableBytesView))
        } catch {
            throw HTTPError(.badRequest, message: "the body is not what this route takes: \(explanation(of: error))")
        }
    }

    /// What a decoder found wrong, without the type names around it.
    private static func explanation(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it cannot be read" }
        switch error {
        case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "'\(path)': \(context.debugDescription)"
        @unknown default: return "it cannot be read"
        }
    }

    static func text(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
