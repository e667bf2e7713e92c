import Foundation
import Hummingbird
import NIOCore
import WarrenAPIModel
import WarrenController
import WarrenModel
import WarrenRollout
import WarrenStore

/// Routes of roll-outs: reading, and telling the one that is under way what to do.
extension API {
    static func rolloutRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .get, "/v1/rollouts", .viewer, "listRollouts", "The roll-outs that are kept, newest first.",
                answer: .json([APIMessage.RolloutStatus].self)
            ) { _, _ in try JSONAnswer.response(await controller.rollouts().map(RolloutText.status)) },
            Route(
                .get, "/v1/rollouts/current", .viewer, "getCurrentRollout", "The latest roll-out, also when it is finished.",
                answer: .json(APIMessage.RolloutStatus.self)
            ) { _, _ in try await currentRollout(controller) },
            Route(
                .get, "/v1/rollouts/current/events", .viewer, "followCurrentRollout",
                "How the latest roll-out goes on: waits for news.",
                parameters: [
                    .query("since", .progressMark, "The 'next' of an earlier answer."),
                    .query("wait", .integer(0...30), "So many seconds; 0 unless given."),
                ],
                answer: .json(APIMessage.RolloutProgress.self)
            ) { _, context in try await progress(context, controller) },
            Route(
                .get, "/v1/rollouts/{generation}", .viewer, "getRollout", "The roll-out to a generation.",
                answer: .json(APIMessage.RolloutStatus.self)
            ) { _, context in try await rollout(context, controller) },
            orderRoute("pause", "pauseRollout", "Begins nothing new in the roll-out.", controller) { _ in .pause },
            orderRoute("resume", "resumeRollout", "Goes on with a paused or halted roll-out.", controller) {
                .resume(without: Set($0.without ?? []))
            },
            orderRoute("abort", "abortRollout", "Ends the roll-out where it is.", controller) { _ in .abort },
            orderRoute("rollback", "rollBackRollout", "Leads whoever was touched back.", controller) { _ in .rollBack },
        ]
    }

    private static func orderRoute(
        _ verb: String, _ operation: String, _ summary: String, _ controller: Controller,
        _ command: @escaping @Sendable (APIMessage.RolloutCommandRequest) -> RolloutCommand
    ) -> Route {
        Route(
            .post, "/v1/rollouts/current/\(verb)", .operator, operation, summary,
            body: .jsonOrNothing(APIMessage.RolloutCommandRequest.self), answer: .json(APIMessage.RolloutStatus.self),
            refusals: [409]
        ) { request, _ in
            let message: APIMessage.RolloutCommandRequest = try await body(of: request, orElse: .init())
            try await controller.order(command(message), rolloutOf: message.generation)
            return try await currentRollout(controller)
        }
    }

    private static func currentRollout(_ controller: Controller) async throws -> Response {
        guard let record = await controller.currentRollout else { throw noRollout }
        return try JSONAnswer.response(RolloutText.status(record))
    }

    private static var noRollout: HTTPError { HTTPError(.notFound, message: "no inventory has been applied yet") }

    private static func rollout(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let generation = try generation(in: context)
        guard let record = try await controller.rollout(of: generation) else {
            throw HTTPError(
                .notFound,
                message: "no roll-out to generation \(generation) is kept: 'warren rollout list' shows those that are")
        }
        return try JSONAnswer.response(RolloutText.status(record))
    }

    /// The generation that the path names.
    static func generation(in context: APIContext) throws -> Generation {
        guard let number = context.parameters.get("generation").flatMap({ UInt64($0) }) else {
            throw HTTPError(.badRequest, message: "this is not a generation's number")
        }
        return Generation(rawValue: number)
    }

    private static func progress(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let mark = context.query["since"].flatMap { Controller.ProgressMark($0) }
        let wait = context.query["wait"].flatMap { Int64($0) } ?? 0
        guard let progress = try await controller.progress(since: mark, wait: .seconds(wait)) else { throw noRollout }
        return try JSONAnswer.response(
            APIMessage.RolloutProgress(
                next: progress.next.description, events: progress.events.map(APIMessage.Event.init),
                rollout: RolloutText.status(progress.rollout)))
    }
}

/// Records as the API's messages.
enum RolloutText {
    static func status(_ record: RolloutRecord) -> APIMessage.RolloutStatus {
        APIMessage.RolloutStatus(
            generation: record.generation, from: record.from, view: record.view,
            strategy: APIMessage.Strategy(record.strategy, limitSites: record.limit), startedAt: API.text(record.startedAt),
            finishedAt: record.finishedAt.map(API.text))
    }
}

extension Controller.Manner {
    /// What a request says of it; nil: as it is by default.
    init(_ strategy: APIMessage.Strategy?) {
        self.init(
            strategy: strategy?.applied() ?? RolloutStrategy(), limitSites: strategy?.limitSites,
            limitTags: strategy?.limitTags)
    }
}
