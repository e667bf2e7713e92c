import Foundation
import Testing
import WarrenAPIModel
import WarrenModel
import WarrenPlan
import WarrenStatus

@testable import WarrenAPI

/// Plans over the API: what is shown is what is accepted.
@Suite struct PlanAPITests {
    static let moved = APITests.apply.replacing("198.18.0.2", with: "198.18.0.9").replacing(
        "\"expected\": 0", with: "\"expected\": 1")

    @Test func aPreviewSaysHowFarTheChangesReach() async throws {
        try await APITests.with { server in
            let first: APIMessage.PlanPreview = try await server.call(.POST, "/v1/plan", APITests.apply).decoded()
            #expect(first.changes.summary.links == [.starts: 1] && first.changes.summary.joins.count == 2)
            #expect(first.assignments.indexes.values.sorted() == [1, 2])
            _ = try await server.call(.POST, "/v1/generations", APITests.apply)
            let second: APIMessage.PlanPreview = try await server.call(.POST, "/v1/plan", Self.moved).decoded()
            #expect(second.current == Generation(rawValue: 1))
            #expect(second.changes.links.map(\.effect) == [.restarts])
            #expect(second.changes.links.first?.reasons.contains("public addresses") == true)
            let one = Self.moved.replacing("{\"expected\"", with: "{\"site\": \"tokyo\", \"expected\"")
            let part: APIMessage.PlanPreview = try await server.call(.POST, "/v1/plan", one).decoded()
            #expect(part.changes.gateways == second.changes.gateways.filter { $0.site.description == "tokyo" })
            #expect(part.changes.summary == second.changes.summary)
            let nowhere = one.replacing("tokyo\", \"expected", with: "nowhere\", \"expected")
            #expect(try await server.call(.POST, "/v1/plan", nowhere).status == 404)
        }
    }

    /// What would change must be what was shown, and the numbers of sites those that they have.
    @Test func onlyWhatWasShownIsAccepted() async throws {
        try await APITests.with { server in
            _ = try await server.call(.POST, "/v1/generations", APITests.apply)
            let preview: APIMessage.PlanPreview = try await server.call(.POST, "/v1/plan", Self.moved).decoded()
            func with(_ member: String) -> String { Self.moved.replacing("{\"expected\"", with: "{\(member), \"expected\"") }
            let other = try await server.call(.POST, "/v1/generations", with("\"fingerprint\": \"0000000000000000\""))
            #expect(other.status == 409)
            #expect(try other.decoded(APIMessage.Problem.self).detail.contains("look at the changes again"))
            let encoded = String(decoding: try JSONEncoder().encode(preview.assignments), as: UTF8.self)
            let wrong = encoded.replacing("\"berlin\":1", with: "\"berlin\":7")
            #expect(wrong != encoded)
            #expect(try await server.call(.POST, "/v1/generations", with("\"assignments\": \(wrong)")).status == 409)
            let shown = "\"fingerprint\": \"\(preview.changes.summary.fingerprint)\", \"assignments\": \(encoded)"
            #expect(try await server.call(.POST, "/v1/generations", with(shown)).status == 201)
            #expect(
                try await server.call(.GET, "/v1/generations?limit=1").decoded([APIMessage.GenerationSummary].self).count == 1)
            #expect(try await server.call(.GET, "/v1/generations?limit=0").status == 400)
        }
    }
}

/// Answers that are sent in pieces are the same JSON as in one.
@Suite struct StreamedAnswerTests {
    static func inventory(sites: Int) -> String {
        let sites = (0..<sites).map { number in
            "  s\(number):\\n    gateway: {public: 198.18.\(number).1, private: 10.0.\(number).1}\\n    networks: [10.0.\(number).0/24]\\n"
        }
        let text = "version: 1\\nmesh: acme\\nsites:\\n" + sites.joined()
        return #"{"expected": 0, "files": [{"name": "m.yaml", "text": "\#(text)"}]}"#
    }

    @Test func theStatusOfManyLinksIsWhole() async throws {
        try await APITests.with { server in
            #expect(try await server.call(.POST, "/v1/generations", Self.inventory(sites: 60)).status == 201)
            let status: MeshStatus = try await server.call(.GET, "/v1/status").decoded()
            let direct = await server.controller.status()
            #expect(
                status.links.map(\.link) == direct.links.map(\.link) && status.links.map(\.reason) == direct.links.map(\.reason)
            )
            #expect(status.links.count == 1770 && status.sites.count == 60 && status.counts == direct.counts)
            let plan: APIMessage.CurrentPlan = try await server.call(.GET, "/v1/plan").decoded()
            #expect(plan.plan.gateways.count == 60 && plan.plan.links.count == 1770)
        }
    }
}
