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
            (.get, "/v1/rollouts", { _, _ in try JSONAnswer.response(await controller.rollouts().map(RolloutText.status)) }),
            (.get, "/v1/rollouts/current", { _, _ in try await currentRollout(controller) }),
            (.get, "/v1/rollouts/current/events", { request, _ in try await progress(request, controller) }),
            (.get, "/v1/rollouts/:generation", { _, context in try await rollout(context, controller) }),
            (.post, "/v1/rollouts/current/pause", { request, _ in try await order(request, controller) { _ in .pause } }),
            (
                .post, "/v1/rollouts/current/resume",
                { request, _ in try await order(request, controller) { .resume(without: Set($0.without ?? [])) } }
            ),
            (.post, "/v1/rollouts/current/abort", { request, _ in try await order(request, controller) { _ in .abort } }),
            (
                .post, "/v1/rollouts/current/rollback",
                { request, _ in try await order(request, controller) { _ in .rollBack } }
            ),
        ]
    }

    private static func currentRollout(_ controller: Controller) async throws -> Response {
        guard let record = await controller.currentRollout else { throw noRollout }
        return try JSONAnswer.response(RolloutText.status(record))
    }

    private static var noRollout: HTTPError { HTTPError(.notFound, message: "no inventory has been applied yet") }

    private static func rollout(_ context: BasicRequestContext, _ controller: Controller) async throws -> Response {
        let generation = try generation(in: context)
        guard let record = try await controller.rollout(of: generation) else {
            throw HTTPError(.notFound, message: "no roll-out to generation \(generation) is kept")
        }
        return try JSONAnswer.response(RolloutText.status(record))
    }

    /// The generation that the path names.
    static func generation(in context: BasicRequestContext) throws -> Generation {
        guard let number = context.parameters.get("generation").flatMap({ UInt64($0) }) else {
            throw HTTPError(.badRequest, message: "this is not a generation's number")
        }
        return Generation(rawValue: number)
    }

    private static func progress(_ request: Request, _ controller: Controller) async throws -> Response {
        var mark: Controller.ProgressMark?, wait: UInt32 = 0
        if let text = request.uri.queryParameters["since"] {
            guard let known = Controller.ProgressMark(String(text)) else {
                throw HTTPError(.badRequest, message: "'since' is not the 'next' of an earlier answer")
            }
            mark = known
        }
        if let text = request.uri.queryParameters["wait"] {
            guard let seconds = UInt32(text), seconds <= 30 else {
                throw HTTPError(.badRequest, message: "'wait' is not a number of seconds from 0 to 30")
            }
            wait = seconds
        }
        guard let progress = try await controller.progress(since: mark, wait: .seconds(Int64(wait))) else { throw noRollout }
        return try JSONAnswer.response(
            APIMessage.RolloutProgress(
                next: progress.next.description, events: progress.events.map(RolloutText.event),
                rollout: RolloutText.status(progress.rollout)))
    }

    private static func order(
        _ request: Request, _ controller: Controller, _ command: (APIMessage.RolloutCommandRequest) -> RolloutCommand
    ) async throws -> Response {
        let message: APIMessage.RolloutCommandRequest = try await body(of: request, orElse: .init())
        try await controller.order(command(message), rolloutOf: message.generation)
        return try await currentRollout(controller)
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

    static func event(_ event: EventRecord) -> APIMessage.Event {
        APIMessage.Event(
            number: event.number, at: API.text(event.at), kind: event.kind.rawValue, site: event.site, text: event.text)
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
