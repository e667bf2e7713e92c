import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenController
import WarrenModel

/// Routes of what is done to a mesh without another inventory, and of generations, changes and drift.
extension API {
    static func operationRoutes(_ controller: Controller) -> [Route] {
        [
            (.post, "/v1/rollback", { request, _ in try await rollBack(request, controller) }),
            (.post, "/v1/keys/rotate", { request, _ in try await rotate(request, controller) }),
            (
                .post, "/v1/sites/:site/drain",
                { request, context in
                    try await onSite(request, context) { site, manner, expected in
                        try await controller.setDrained(true, site, manner: manner, expecting: expected)
                    }
                }
            ),
            (
                .post, "/v1/sites/:site/undrain",
                { request, context in
                    try await onSite(request, context) { site, manner, expected in
                        try await controller.setDrained(false, site, manner: manner, expecting: expected)
                    }
                }
            ),
            (
                .post, "/v1/sites/:site/revoke",
                { request, context in
                    try await onSite(request, context) { site, _, _ in try await controller.revoke(site) }
                }
            ),
            (.get, "/v1/generations/:generation", { _, context in try await generation(context, controller) }),
            (.get, "/v1/changes", { request, _ in try await changes(request, controller) }),
            (.get, "/v1/drift", { _, _ in try await drift(controller) }),
        ]
    }

    private static func rollBack(_ request: Request, _ controller: Controller) async throws -> Response {
        let message: APIMessage.RollbackRequest = try await body(of: request)
        let generation = try await controller.rollBack(
            to: message.to, manner: Controller.Manner(message.strategy), expecting: message.expected)
        return try JSONAnswer.response(APIMessage.Accepted(generation: generation), status: .created)
    }

    private static func rotate(_ request: Request, _ controller: Controller) async throws -> Response {
        let message: APIMessage.RotateRequest = try await body(of: request, orElse: .init())
        let generation = try await controller.rotateKeys(
            of: message.links, manner: Controller.Manner(message.strategy), expecting: message.expected)
        return try JSONAnswer.response(APIMessage.Accepted(generation: generation), status: .created)
    }

    private static func onSite(
        _ request: Request, _ context: BasicRequestContext,
        _ order: (SiteName, Controller.Manner, Generation?) async throws -> Generation
    ) async throws -> Response {
        let message: APIMessage.SiteRequest = try await body(of: request, orElse: .init())
        let generation = try await order(site(in: context), Controller.Manner(message.strategy), message.expected)
        return try JSONAnswer.response(APIMessage.Accepted(generation: generation), status: .created)
    }

    private static func generation(_ context: BasicRequestContext, _ controller: Controller) async throws -> Response {
        let generation = try generation(in: context)
        guard let record = try await controller.generation(generation) else {
            throw ControllerError.unknownGeneration(generation)
        }
        return try JSONAnswer.response(
            APIMessage.GenerationDetails(
                generation: record.generation, mesh: record.mesh, sites: record.siteCount, acceptedAt: text(record.acceptedAt),
                files: record.files, assignments: record.assignments))
    }

    private static func changes(_ request: Request, _ controller: Controller) async throws -> Response {
        func number(_ name: Substring) throws -> Generation {
            guard let number = request.uri.queryParameters[name].flatMap({ UInt64($0) }) else {
                throw HTTPError(.badRequest, message: "'\(name)' is not a generation's number")
            }
            return Generation(rawValue: number)
        }
        let (old, new) = (try number("from"), try number("to"))
        return try JSONAnswer.response(
            APIMessage.GenerationChanges(from: old, to: new, changes: try await controller.changes(from: old, to: new)))
    }

    private static func drift(_ controller: Controller) async throws -> Response {
        let deviations = await controller.deviations().map { site in
            APIMessage.SiteDrift(
                site: site.site, connected: site.connected, version: site.version, intended: site.intended, drift: site.drift,
                failure: site.failure)
        }
        return try JSONAnswer.response(deviations)
    }
}
