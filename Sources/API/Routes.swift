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
    /// Every route.
    static func routes(_ controller: Controller, _ hub: StreamHub) -> [Route] {
        let routes =
            meshRoutes(controller) + readingRoutes(controller) + rolloutRoutes(controller) + operationRoutes(controller)
            + askingRoutes(controller) + factRoutes(controller)
            + accessRoutes(controller)
            + sessionRoutes(controller) + [StreamRoute.route(hub, controller.access)] + dashboardRoutes()
        return routes + [OpenAPI.route(over: routes)]
    }

    private static func meshRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .get, "/v1/version", .viewer, "getVersion", "The controller's version, and that of the agents' protocol.",
                answer: .json(APIMessage.Version.self)
            ) { _, _ in
                try JSONAnswer.response(
                    APIMessage.Version(version: Controller.version, agentProtocol: Controller.agentProtocol))
            },
            Route(
                .get, "/v1/plan", .viewer, "getPlan", "The plan of the current generation. Keys are references.",
                parameters: [.query("site", .site, "Only this site's gateway.")],
                answer: .json(APIMessage.CurrentPlan.self)
            ) { _, context in try await currentPlan(context, controller) },
            Route(
                .post, "/v1/plan", .viewer, "previewPlan", "What would change if this inventory were applied. Stores nothing.",
                body: .json(APIMessage.PlanRequest.self), answer: .json(APIMessage.PlanPreview.self), refusals: [409, 422]
            ) { request, _ in try await preview(request, controller) },
            Route(
                .get, "/v1/generations", .viewer, "listGenerations", "What was accepted, newest first.",
                parameters: [.query("limit", .integer(1...1000), "At most so many; 100 unless given.")],
                answer: .json([APIMessage.GenerationSummary].self)
            ) { _, context in try await generations(context, controller) },
            Route(
                .post, "/v1/generations", .operator, "applyInventory",
                "Makes this inventory the next generation, and rolls it out.",
                body: .json(APIMessage.ApplyRequest.self), answer: .json(APIMessage.Accepted.self, .created),
                refusals: [409, 422]
            ) { request, _ in try await accept(request, controller) },
            Route(
                .post, "/v1/tokens", .operator, "createToken", "A token with which one agent may enrol once, for one site.",
                body: .json(APIMessage.TokenRequest.self), answer: .json(APIMessage.TokenResponse.self, .created)
            ) { request, _ in try await createToken(request, controller) },
        ]
    }

    private static func currentPlan(_ context: APIContext, _ controller: Controller) async throws -> Response {
        guard let (generation, mesh) = await controller.currentMesh else {
            throw HTTPError(.notFound, message: "no inventory has been applied yet")
        }
        guard let site = context.query["site"].flatMap({ SiteName($0) }) else { return PlanStream.response(generation, mesh) }
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

    private static func generations(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let limit = context.query["limit"].flatMap { Int($0) } ?? 100
        let summaries = try await controller.generations(limit: limit).map { record in
            APIMessage.GenerationSummary(
                generation: record.generation, mesh: record.mesh, sites: record.siteCount, acceptedAt: text(record.acceptedAt))
        }
        return try JSONAnswer.response(summaries)
    }

    /// The site that the path names.
    static func site(in context: APIContext) throws -> SiteName {
        guard let site = context.parameters.get("site").flatMap({ SiteName($0) }) else {
            throw HTTPError(.badRequest, message: "this is not a site's name")
        }
        return site
    }

    /// - Parameter empty: what an empty body stands for; nil when it stands for nothing.
    static func body<Message: Decodable>(of request: Request, orElse empty: Message? = nil) async throws -> Message {
        let buffer = try await Deadline.within(bodyPatience) { try await request.body.collect(upTo: maximumBodySize) }
        guard let buffer else { throw Refusal(.requestTimeout, "the body did not come within \(bodyPatience)") }
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
