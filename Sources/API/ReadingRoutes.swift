import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenController
import WarrenInventory
import WarrenModel
import WarrenStatus
import WarrenStore

/// Routes of what is read of the mesh as it is, and as it was.
extension API {
    static func readingRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .get, "/v1/status", .viewer, "getStatus", "The state of every site and link.",
                parameters: [
                    .query("links", .oneOf(LinkSelection.Wellness.allCases.map(\.rawValue)), "Which links; all unless given."),
                    .query("site", .site, "Only this site and its links."),
                    .query("tag", .text(maximum: 64), "Only sites with this tag and their links."),
                    .query("groups", .oneOf(["tags"]), "Count the links of the whole mesh between tags, too."),
                ], answer: .json(MeshStatus.self)
            ) { _, context in try await status(context, controller) },
            Route(
                .get, "/v1/links/{link}", .viewer, "getLink", "All that is known of one link.",
                answer: .json(APIMessage.LinkDetails.self)
            ) { _, context in try await link(context, controller) },
            Route(
                .get, "/v1/links/{link}/samples", .viewer, "getLinkSamples", "How a link was.",
                parameters: [
                    .query("since", .moment, "From when on; an hour ago unless given."),
                    .query("step", .integer(1...86_400), "The least length of a step in seconds."),
                ], answer: .json(APIMessage.LinkSamples.self)
            ) { _, context in try await samples(context, controller) },
            Route(
                .get, "/v1/gateways/{site}", .viewer, "getGateway", "All that is known of one site's gateway.",
                answer: .json(APIMessage.GatewayDetails.self)
            ) { _, context in try await gateway(context, controller) },
            Route(
                .get, "/v1/addresses", .viewer, "getAddresses", "The address space of the current generation.",
                answer: .json(APIMessage.Addresses.self)
            ) { _, _ in try await addresses(controller) },
            Route(
                .get, "/v1/events", .viewer, "listEvents",
                "What happened, oldest first: the first from `since` on, or the latest when only `limit` is given.",
                parameters: [
                    .query("since", .numberOrMoment, "Only events with greater numbers, or of this moment or later."),
                    .query("site", .site, "Only events of this site, or of a link of it."),
                    .query("link", .link, "Only events of this link."),
                    .query("kind", .oneOf(EventRecord.Kind.allCases.map(\.rawValue)), "Only events of this kind."),
                    .query("limit", .integer(1...1000), "At most so many; 1000 unless given."),
                ], answer: .json([APIMessage.Event].self)
            ) { _, context in try await events(context, controller) },
            Route(
                .get, "/v1/reports/{site}", .viewer, "getReport", "The last facts that a site's agent sent.",
                answer: .json(AgentReport.self)
            ) { _, context in try await report(context, controller) },
            Route(
                .get, "/metrics", .viewer, "getMetrics", "The mesh for Prometheus.", answer: .content("text/plain")
            ) { _, _ in try await MeshMetrics.response(controller) },
        ]
    }

    /// How many events come with what is told of one link or gateway.
    private static let eventsBeside = 50

    private static func status(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let query = context.query
        let selection = try await controller.selection(
            query["links"].flatMap(LinkSelection.Wellness.init) ?? .all, site: query["site"].flatMap { SiteName($0) },
            tag: query["tag"])
        var (status, links) = await controller.statusInPieces(selection)
        if context.query["groups"] != nil { status.groups = await controller.groups() }
        return try StatusStream.response(status, links: links)
    }

    private static func link(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let link = try link(in: context)
        guard let (status, ends) = await controller.link(link) else { throw ControllerError.unknownLink(link) }
        let events = try await controller.events(EventQuery(link: link, limit: eventsBeside))
        return try JSONAnswer.response(
            APIMessage.LinkDetails(
                status: status,
                ends: ends.compactMap { site, observation in
                    link.peer(of: site).map { peer in
                        APIMessage.LinkEnd(site, peer, observation, age: controller.age(of: observation))
                    }
                }, events: events.map(APIMessage.Event.init)))
    }

    private static func samples(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let link = try link(in: context)
        let since = context.query["since"].flatMap(RouteParameter.moment) ?? controller.options.clock.date() - 3600
        let step = context.query["step"].flatMap { Int64($0) } ?? 1
        let found = try await controller.samples(of: link, since: since, step: step)
        return try JSONAnswer.response(
            APIMessage.LinkSamples(
                link: link, stepSeconds: UInt32(clamping: found.stepSeconds),
                samples: found.samples.map(APIMessage.Sample.init)))
    }

    private static func gateway(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let site = try site(in: context)
        let standing = try await controller.gateway(of: site)
        let events = try await controller.events(EventQuery(site: site, limit: eventsBeside))
        return try JSONAnswer.response(
            APIMessage.GatewayDetails(standing, events: events.map(APIMessage.Event.init)))
    }

    private static func addresses(_ controller: Controller) async throws -> Response {
        guard let (generation, sites) = await controller.currentContent else {
            throw HTTPError(.notFound, message: "no inventory has been applied yet")
        }
        let files = try await controller.generation(generation)?.files ?? []
        return try JSONAnswer.response(
            APIMessage.Addresses(generation, of: sites, space: Inventory.addressSpace(of: files).space))
    }

    private static func events(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let asked = context.query, since = asked["since"]
        var query = EventQuery(
            site: asked["site"].flatMap { SiteName($0) }, link: asked["link"].flatMap { LinkID($0) },
            kind: asked["kind"].flatMap { EventRecord.Kind(rawValue: $0) }, limit: asked["limit"].flatMap { Int($0) } ?? 1000)
        query.after = since.flatMap { UInt64($0) } ?? (asked["limit"] == nil ? 0 : nil)
        query.since = since.flatMap(RouteParameter.moment)
        return try JSONAnswer.response(try await controller.events(query).map(APIMessage.Event.init))
    }

    private static func report(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let site = try site(in: context)
        guard let report = try await controller.report(of: site) else {
            throw HTTPError(.notFound, message: "the agent of '\(site)' has not reported since the controller started")
        }
        return try JSONAnswer.response(report)
    }

    /// The link that the path names.
    static func link(in context: APIContext) throws -> LinkID {
        guard let link = context.parameters.get("link").flatMap({ LinkID($0) }) else {
            throw HTTPError(.badRequest, message: "this is not a link: berlin--tokyo, in the order of the names, is one")
        }
        return link
    }
}
