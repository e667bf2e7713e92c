import AsyncHTTPClient
import Foundation
import NIOHTTP1
import Testing
import WarrenAPIModel
import WarrenInventory
import WarrenModel

@testable import WarrenAPI

/// What the API says of itself, and whether it keeps to that.
@Suite struct ContractTests {
    static func document(_ server: APITests.Server) async throws -> SchemaCheck {
        let answer = try await server.call(.GET, "/v1/openapi.json")
        #expect(answer.status == 200 && answer.type == "application/json")
        return try SchemaCheck(answer.body)
    }

    @Test func everyOperationIsDescribedOnce() async throws {
        try await APITests.with { server in
            let document = try await Self.document(server).document
            let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
            let routes = API(controller: server.controller, log: APITests.log).table.routes
            let operations = paths.values.flatMap { $0.values.compactMap { $0["operationId"] as? String } }
            #expect(operations.sorted() == routes.filter(\.isDescribed).map(\.operation).sorted())
            #expect(Set(operations).count == operations.count)
            for route in routes where route.isDescribed {
                #expect(route.summary.hasSuffix(".") && route.summary.first?.isUppercase == true, "\(route.operation)")
            }
            for route in routes where !route.isDescribed { #expect(route.access == .anyone && route.method == .get) }
        }
    }

    /// Every answer of these requests, good or bad, is as its operation says.
    @Test func answersAreAsDescribed() async throws {
        try await APITests.with { server in
            let check = try await Self.document(server)
            func call(_ method: HTTPMethod, _ path: String, _ body: String? = nil, _ status: Int = 200) async throws {
                let answer = try await server.call(method, path, body)
                #expect(answer.status == status, "\(method) \(path): \(String(decoding: answer.body, as: UTF8.self))")
                let faults = check.faults(
                    method: "\(method)", path: path, status: answer.status, type: answer.type, body: answer.body)
                #expect(faults.isEmpty, "\(faults)")
            }
            for path in ["/v1/plan", "/v1/rollouts/current", "/v1/generations/1"] { try await call(.GET, path, nil, 404) }
            try await call(.POST, "/v1/plan", APITests.apply)
            try await call(.POST, "/v1/generations", APITests.apply, 201)
            try await call(.POST, "/v1/generations", APITests.apply, 409)
            let broken = APITests.apply.replacing("192.168.2.0/24", with: "192.168.1.0/24")
            try await call(.POST, "/v1/plan", broken, 422)
            try await call(.POST, "/v1/plan", PlanAPITests.moved)
            for path in [
                "version", "status", "plan", "plan?site=berlin", "generations", "generations?limit=1", "generations/1",
                "changes?from=0&to=1", "drift", "rollouts", "rollouts/current", "rollouts/current/events", "rollouts/1",
                "events",
                "whoami", "access-tokens",
            ] {
                try await call(.GET, "/v1/" + path)
            }
            for path in [
                "/v1/status?links=unwell", "/v1/status?links=none&site=berlin", "/v1/links/berlin--tokyo",
                "/v1/links/berlin--tokyo/samples", "/v1/gateways/berlin", "/v1/addresses", "/v1/events?site=berlin&limit=1",
                "/metrics",
            ] {
                try await call(.GET, path)
            }
            for path in ["/v1/verifications", "/v1/verifications?from=berlin&to=tokyo", "/v1/verifications?limit=1"] {
                try await call(.GET, path)
            }
            try await call(.GET, "/v1/verifications?to=oslo", nil, 404)
            try await call(.GET, "/v1/facts")
            // No agent is there to be asked.
            try await call(.GET, "/v1/gateways/berlin/facts", nil, 409)
            try await call(.GET, "/v1/gateways/oslo/facts", nil, 404)
            try await call(.POST, "/v1/gateways/berlin/capture?seconds=1&packets=5&whole=true&peer=tokyo", nil, 409)
            try await call(.POST, "/v1/gateways/oslo/capture", nil, 404)
            for wrong in ["seconds=0", "seconds=301", "packets=0", "whole=yes", "peer=X", "full=true"] {
                try await call(.POST, "/v1/gateways/berlin/capture?\(wrong)", nil, 400)
            }
            try await call(.POST, "/v1/links/berlin--tokyo/diagnosis")
            try await call(.POST, "/v1/links/berlin--oslo/diagnosis", nil, 404)
            for (body, status) in [
                (#"{"from": "berlin", "to": "tokyo"}"#, 200), (#"{"from": "berlin", "to": "192.0.2.1", "count": 1}"#, 200),
                (#"{"from": "berlin", "to": "oslo"}"#, 404), (#"{"from": "oslo", "to": "berlin"}"#, 404),
                (#"{"from": "berlin", "to": "x y"}"#, 400), (#"{"from": "berlin", "to": "tokyo", "count": 0}"#, 400),
                (#"{"from": "berlin", "to": "tokyo", "expect": "maybe"}"#, 400),
            ] {
                try await call(.POST, "/v1/verifications", body, status)
            }
            for path in ["/v1/links/berlin--oslo", "/v1/gateways/oslo"] { try await call(.GET, path, nil, 404) }
            for path in ["/v1/links/tokyo--berlin", "/v1/gateways/Oslo", "/v1/events?kind=x", "/v1/status?links="] {
                try await call(.GET, path, nil, 400)
            }
            try await call(.POST, "/v1/tokens", #"{"site": "berlin", "lifetimeSeconds": 60}"#, 201)
            try await call(.POST, "/v1/access-tokens", #"{"name": "x", "role": "viewer", "lifetimeSeconds": 9}"#, 201)
            try await call(.GET, "/v1/access-tokens")
            try await call(.DELETE, "/v1/access-tokens/x", nil, 204)
            try await call(.POST, "/v1/sites/berlin/drain", nil, 201)
            try await call(.GET, "/v1/rollouts/current")
            // No gateway is waited for that has no agent: the roll-out is over.
            try await call(.POST, "/v1/rollouts/current/pause", nil, 409)
            try await call(.POST, "/v1/session", nil, 409)
            try await call(.GET, "/v1/generations?limit=1&limit=2", nil, 400)
            try await call(.GET, "/v1/generations?limits=1", nil, 400)
            try await call(.GET, "/v1/generations?limit=%FF", nil, 400)
        }
    }

    /// Schemas are made from types; here they meet values that the routes above do not give.
    @Test func messagesFitTheirSchemas() throws {
        let book = SchemaBook()
        let schema = try book.schema(of: APIMessage.ApplyRequest.self)
        let components = JSONTree.object(["components": ["schemas": .object(book.components.mapValues { .schema($0) })]])
        let check = try SchemaCheck(try JSONEncoder().encode(components))
        let shape = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(JSONTree.schema(schema))) as? [String: Any])
        var request = APIMessage.ApplyRequest(
            files: [InventoryFile(name: "a.yaml", text: "")], expected: Generation(rawValue: .max), fingerprint: "x")
        let berlin = try #require(SiteName("berlin")), tokyo = try #require(SiteName("tokyo"))
        request.assignments = .init(
            indexes: [berlin: 1], keyEpochs: [try #require(LinkID(berlin, tokyo)): 2],
            addresses: [tokyo: [IPAddress(v6: 1)]], drained: [tokyo])
        request.strategy = .init(
            canary: .init(.sites([berlin])), batches: [10, 100], maxFailures: .init(.percent(5)), maxLate: .init(.count(1)),
            onFailure: .halt, leavesBehind: true, limitSites: [berlin])
        func faults(_ value: some Encodable) throws -> [String] {
            check.faults(in: try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)), against: shape)
        }
        #expect(try faults(request) == [])
        // And the check is able to find faults.
        #expect(try faults(["files": "x"]).count == 2)
        #expect(try faults(APIMessage.RotateRequest()) == [".expected is missing", ".files is missing"])
    }

    @Test(
        arguments: [
            ("text/plain", nil, 415), ("application/json; charset=utf-8", nil, 200), ("APPLICATION/JSON", "*/*", 200),
            ("multipart/form-data", nil, 415), ("application/json", "text/html", 406),
            ("application/json", "text/html, application/*;q=0.5", 200), ("application/json", "application/json;q=0", 406),
        ] as [(String, String?, Int)])
    func typesAreNegotiated(type: String, accept: String?, status: Int) async throws {
        try await AccessTests.with { server in
            var headers = [("content-type", type)]
            if let accept { headers.append(("accept", accept)) }
            var request = server.request(.POST, "/v1/plan", bearer: server.first, headers: headers)
            request.body = .bytes(.init(string: APITests.apply))
            let answer = try await APITests.answer(request, HTTPClient.shared)
            #expect(answer.status == status)
            #expect(answer.type == (status == 200 ? "application/json" : "application/problem+json"))
        }
    }

    @Test func otherMethodsAreToldWhichThereAre() async throws {
        try await AccessTests.with { server in
            for (method, path, allowed) in [
                (HTTPMethod.DELETE, "/v1/plan", "GET, HEAD, POST"), (.PUT, "/v1/rollouts/current", "GET, HEAD"),
                (.GET, "/v1/sites/berlin/drain", "POST"), (.GET, "/v1/session", "DELETE, POST"),
            ] {
                let request = server.request(method, path, bearer: server.first)
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
                #expect(response.status.code == 405)
                #expect(response.headers.first(name: "allow") == allowed)
            }
            let head = try await server.call(.HEAD, "/v1/status", bearer: server.first)
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }
}
