import Foundation
import NIOHTTP1
import Testing
import WarrenAPIModel
import WarrenController
import WarrenModel
import WarrenPlan
import WarrenRollout

@testable import WarrenAPI

/// Roll-outs, and the operations that start one, over HTTP.
@Suite struct RolloutAPITests {
    @Test func theHistoryOfAMesh() async throws {
        try await APITests.with { server in
            #expect(try await server.call(.GET, "/v1/rollouts/current").status == 404)
            #expect(try await server.call(.GET, "/v1/rollouts/current/events").status == 404)
            _ = try await server.call(.POST, "/v1/generations", APITests.apply)
            let first: APIMessage.RolloutStatus = try await server.call(.GET, "/v1/rollouts/current").decoded()
            // Nobody ran anything before: nobody is waited for.
            #expect(first.generation == Generation(rawValue: 1) && first.from == .none)
            #expect(first.view.status == .completed && first.finishedAt != nil)
            let rotated = try await server.call(.POST, "/v1/keys/rotate")
            #expect(rotated.status == 201)
            #expect(try await server.call(.POST, "/v1/sites/tokyo/drain", #"{"expected": 1}"#).status == 409)
            #expect(try await server.call(.POST, "/v1/sites/tokyo/drain", #"{"expected": 2}"#).status == 201)
            #expect(try await server.call(.POST, "/v1/sites/tokyo/drain").status == 409)
            #expect(try await server.call(.POST, "/v1/sites/tokyo/undrain").status == 201)
            #expect(try await server.call(.POST, "/v1/sites/nowhere/drain").status == 404)
            #expect(try await server.call(.POST, "/v1/sites/tokyo/revoke").status == 409)
            #expect(try await server.call(.POST, "/v1/rollback", #"{"to": 1}"#).status == 201)
            let all: [APIMessage.RolloutStatus] = try await server.call(.GET, "/v1/rollouts").decoded()
            #expect(all.map(\.generation.rawValue) == [5, 4, 3, 2, 1])
            let second: APIMessage.RolloutStatus = try await server.call(.GET, "/v1/rollouts/2").decoded()
            #expect(second.generation == Generation(rawValue: 2))
            let details: APIMessage.GenerationDetails = try await server.call(.GET, "/v1/generations/5").decoded()
            #expect(details.files.map(\.name) == ["mesh.yaml"])
            // Epochs of keys never fall.
            #expect(details.assignments.keyEpochs.values.map { $0 } == [2] && details.assignments.drained.isEmpty)
            let changes: APIMessage.GenerationChanges = try await server.call(.GET, "/v1/changes?from=2&to=3").decoded()
            #expect(!changes.changes.isEmpty)
            let progress: APIMessage.RolloutProgress = try await server.call(.GET, "/v1/rollouts/current/events").decoded()
            #expect(progress.events.map(\.kind) == ["generation-accepted"])
            let later: APIMessage.RolloutProgress =
                try await server.call(.GET, "/v1/rollouts/current/events?wait=1&since=\(progress.next)").decoded()
            #expect(later.events.isEmpty && later.rollout == progress.rollout)
            let drift: [APIMessage.SiteDrift] = try await server.call(.GET, "/v1/drift").decoded()
            #expect(drift.map(\.connected) == [false, false])
        }
    }

    @Test(
        arguments: [
            (HTTPMethod.GET, "/v1/rollouts/x", nil, 400), (.GET, "/v1/rollouts/7", nil, 404),
            (.GET, "/v1/generations/7", nil, 404), (.GET, "/v1/changes?from=0", nil, 400),
            (.GET, "/v1/changes?from=0&to=9", nil, 404), (.GET, "/v1/rollouts/current/events?wait=99", nil, 400),
            (.GET, "/v1/rollouts/current/events?since=x", nil, 400), (.POST, "/v1/rollouts/current/pause", nil, 409),
            (.POST, "/v1/rollouts/current/rollback", #"{"generation": 9}"#, 409), (.POST, "/v1/rollback", "{}", 400),
            (.POST, "/v1/rollback", #"{"to": 9}"#, 404), (.POST, "/v1/keys/rotate", #"{"links": [], "#, 400),
            (.POST, "/v1/rollouts/current", nil, 405), (.DELETE, "/v1/sites/berlin/drain", nil, 405),
            (.POST, "/v1/keys/rotate", #"{"strategy": {"canary": "some"}}"#, 400),
            (.POST, "/v1/keys/rotate", #"{"strategy": {"maxFailures": "-1"}}"#, 400),
            (.POST, "/v1/keys/rotate", #"{"strategy": {"limitSites": ["nowhere"]}}"#, 404),
        ] as [(HTTPMethod, String, String?, Int)])
    func everyErrorIsAProblem(method: HTTPMethod, path: String, body: String?, status: Int) async throws {
        try await APITests.with { server in
            _ = try await server.call(.POST, "/v1/generations", APITests.apply)
            let answer = try await server.call(method, path, body)
            #expect(answer.status == status)
            #expect(answer.type == "application/problem+json")
            #expect(try !answer.decoded(APIMessage.Problem.self).detail.isEmpty)
        }
    }

    @Test func strategiesAreReadAsTheyAreWritten() throws {
        let text = #"{"canary":["berlin"],"batches":[10,100],"maxFailures":"5%","maxLate":2,"onFailure":"halt"}"#
        let strategy = try JSONDecoder().decode(APIMessage.Strategy.self, from: Data(text.utf8))
        let applied = strategy.applied()
        #expect(applied.canary == .sites([try #require(SiteName("berlin"))]) && applied.batches == [10, 100])
        #expect(applied.maxFailures == .percent(5) && applied.maxLate == .count(2) && applied.onFailure == .halt)
        #expect(applied.settleSeconds == RolloutStrategy().settleSeconds)
        let again = try JSONDecoder().decode(
            APIMessage.Strategy.self, from: JSONEncoder().encode(APIMessage.Strategy(applied)))
        #expect(again.applied() == applied)
    }
}
