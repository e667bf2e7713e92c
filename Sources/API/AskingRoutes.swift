import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenController
import WarrenInventory
import WarrenModel
import WarrenStatus

/// Routes that have agents look or send something, and answer when they have.
extension API {
    static func askingRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .post, "/v1/links/{link}/diagnosis", .operator, "diagnoseLink",
                "Has both ends of a link looked at, check by check. Its gateways send each other a few echo requests.",
                answer: .json(LinkDiagnosis.self)
            ) { _, context in try JSONAnswer.response(try await controller.diagnose(link(in: context))) },
            Route(
                .get, "/v1/verifications", .viewer, "listVerifications",
                "What there is to verify: the inventory's tests, and the pairs of gateways that a link joins.",
                parameters: [
                    .query("from", .site, "Only from this site's gateway."),
                    .query("to", .site, "Only to this site's gateway; with `from`, this pair, whatever joins it."),
                    .query("limit", .integer(1...10_000), "At most so many; 1000 unless given."),
                ], answer: .json(APIMessage.Verifications.self)
            ) { _, context in try await verifications(context, controller) },
            Route(
                .post, "/v1/verifications", .operator, "verify",
                "Has a site's gateway send echo requests, and tells whether they are answered as expected.",
                body: .json(APIMessage.VerificationRequest.self), answer: .json(APIMessage.Verification.self)
            ) { request, _ in try await verify(request, controller) },
        ]
    }

    private static func verifications(_ context: APIContext, _ controller: Controller) async throws -> Response {
        let query = context.query
        let (trials, left) = try await controller.trials(
            from: query["from"].flatMap { SiteName($0) }, to: query["to"].flatMap { SiteName($0) },
            limit: query["limit"].flatMap { Int($0) } ?? 1_000)
        return try JSONAnswer.response(
            APIMessage.Verifications(
                trials: trials.map { trial in
                    APIMessage.Trial(from: trial.from, to: .init(trial.to), expect: trial.expect, isTest: trial.isTest)
                }, left: left))
    }

    private static func verify(_ request: Request, _ controller: Controller) async throws -> Response {
        let message: APIMessage.VerificationRequest = try await body(of: request)
        let count = message.count ?? 3
        guard APIMessage.VerificationRequest.counts.contains(count) else {
            throw HTTPError(.badRequest, message: "'count' is not a number from 1 to 20")
        }
        let trial = Controller.Trial(from: message.from, to: message.to.target, expect: message.expect ?? .reachable)
        let verdict = try await controller.attempt(trial, count: count)
        return try JSONAnswer.response(APIMessage.Verification(trial, verdict))
    }
}

extension APIMessage.Verification {
    init(_ trial: Controller.Trial, _ verdict: Controller.Verdict) {
        let echo = verdict.echo, isAnswered = (echo?.answered ?? 0) > 0
        let isAsExpected = isAnswered == (trial.expect == .reachable)
        let reason: String? =
            echo == nil
            ? verdict.reason
            : isAsExpected ? nil : isAnswered ? "it is answered, and shall not be" : verdict.reason ?? "no answer"
        self.init(
            from: trial.from, to: .init(trial.to), expect: trial.expect,
            verdict: echo == nil ? .unknown : isAsExpected ? .holds : .broken, destination: verdict.destination,
            source: echo?.source, sent: echo?.sent ?? 0, answered: echo?.answered ?? 0,
            roundTripMilliseconds: echo?.roundTripsMilliseconds.min(), reason: reason)
    }
}
