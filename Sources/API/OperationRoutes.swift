import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenController
import WarrenModel

/// Routes of what is done to a mesh without another inventory, and of generations, changes and drift.
extension API {
    static func operationRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .post, "/v1/rollback", .operator, "rollBackTo", "What an earlier generation said, as a new one.",
                body: .json(APIMessage.RollbackRequest.self), answer: .json(APIMessage.Accepted.self, .created),
                refusals: [409, 422]
            ) { request, _ in try await rollBack(request, controller) },
            Route(
                .post, "/v1/keys/rotate", .operator, "rotateKeys", "New pre-shared keys for all links, or for these.",
                body: .jsonOrNothing(APIMessage.RotateRequest.self), answer: .json(APIMessage.Accepted.self, .created),
                refusals: [409]
            ) { request, _ in try await rotate(request, controller) },
            siteRoute("drain", .operator, "drainSite", "Takes a site's links down until it is let back in.") {
                site, manner, expected in
                try await controller.setDrained(true, site, manner: manner, expecting: expected)
            },
            siteRoute("undrain", .operator, "undrainSite", "Lets a drained site back in.") { site, manner, expected in
                try await controller.setDrained(false, site, manner: manner, expecting: expected)
            },
            siteRoute("revoke", .admin, "revokeSite", "Ends the trust in a site's agent at once.") { site, _, _ in
                try await controller.revoke(site)
            },
            Route(
                .get, "/v1/generations/{generation}", .viewer, "getGeneration", "An accepted inventory and its assignments.",
                answer: .json(APIMessage.GenerationDetails.self)
            ) { _, context in try await generation(context, controller) },
            Route(
                .get, "/v1/changes", .viewer, "compareGenerations", "What differs between the plans of two generations.",
                parameters: [
                    .query("from", .integer(0...UInt64.max), "A generation's number; 0: the empty mesh.", isRequired: true),
                    .query("to", .integer(0...UInt64.max), "A generation's number.", isRequired: true),
                ],
                answer: .json(APIMessage.GenerationChanges.self)
            ) { _, context in try await changes(context, controller) },
            Route(
                .get, "/v1/drift", .viewer, "listDrift", "The gateways that are not as they shall be.",
                answer: .json([APIMessage.SiteDrift].self)
            ) { _, _ in try await drift(controller) },
        ]
    }

    private static func siteRoute(
        _ verb: String, _ access: RouteAccess, _ operation: String, _ summary: String,
        _ order: @escaping @Sendable (SiteName, Controller.Manner, Generation?) async throws -> Generation
    ) -> Route {
        Route(
            .post, "/v1/sites/{site}/\(verb)", access, operation, summary, body: .jsonOrNothing(APIMessage.SiteRequest.self),
            answer: .json(APIMessage.Accepted.self, .created), refusals: [409]
        ) { request, context in
            let message: APIMessage.SiteRequest = try await body(of: request, orElse: .init())
            let generation = try await order(site(in: context), Controller.Manner(message.strategy), message.expected)
            return try JSONAnswer.response(APIMessage.Accepted(generation: generation), status: .created)
        }
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

    private static func generation(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let generation = try generation(in: context)
        guard let record = try await controller.generation(generation) else {
            throw ControllerError.unknownGeneration(generation)
        }
        return try JSONAnswer.response(
            APIMessage.GenerationDetails(
                generation: record.generation, mesh: record.mesh, sites: record.siteCount, acceptedAt: text(record.acceptedAt),
                files: record.files, assignments: record.assignments))
    }

    private static func changes(_ context: APIContext, _ controller: Controller) async throws -> Response {
        func number(_ name: String) throws -> Generation {
            guard let number = context.query[name].flatMap({ UInt64($0) }) else {
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
