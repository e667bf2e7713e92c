import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing
import WarrenAPIModel
import WarrenController
import WarrenModel

@testable import WarrenAPI

/// Who may do what.
@Suite struct AccessTests {
    /// One API on a loopback port of its own.
    struct Server: Sendable {
        let controller: Controller
        let port: Int
        /// The token that is there from the first start.
        let first: String

        func request(
            _ method: HTTPMethod, _ path: String, bearer: String? = nil, headers: [(String, String)] = [], body: String? = nil
        ) -> HTTPClientRequest {
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
            request.method = method
            if let bearer { request.headers.add(name: "authorization", value: "Bearer \(bearer)") }
            for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
            if let body {
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(ByteBuffer(string: body))
            }
            return request
        }

        func call(
            _ method: HTTPMethod, _ path: String, bearer: String? = nil, headers: [(String, String)] = [], body: String? = nil
        ) async throws -> APITests.Answer {
            try await APITests.answer(
                request(method, path, bearer: bearer, headers: headers, body: body), HTTPClient.shared)
        }

        func token(_ role: AccessRole, named name: String? = nil, lifetimeSeconds: UInt32? = nil) async throws -> String {
            try await controller.createAccessToken(
                named: name ?? role.rawValue, role: role, lifetimeSeconds: lifetimeSeconds, by: .socket
            ).text
        }
    }

    static func with(
        clock: ControllerClock = .system, limits: API.Limits = .init(), _ body: @Sendable (Server) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wl-\(UUID().uuidString.prefix(8))").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await Controller(directory: directory, options: .init(clock: clock), log: APITests.log)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        let port = Mutable(0)
        let service = try API(controller: controller, limits: limits, log: APITests.log).onLoopback(
            Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 0)
        ) {
            port.value = $0
            opening.finish()
        }
        try await APITests.run(service, until: opened) {
            let first = try String(contentsOfFile: directory + "/api-token", encoding: .utf8)
            try await body(
                Server(
                    controller: controller, port: port.value, first: first.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
    }

    /// Each route, asked with each credential: what is not for it is refused, what is for it is not.
    @Test func everyRouteWantsItsRole() async throws {
        try await Self.with { server in
            let tokens: [AccessRole: String] = [
                .viewer: try await server.token(.viewer), .operator: try await server.token(.operator), .admin: server.first,
            ]
            for route in API(controller: server.controller, log: APITests.log).table.routes {
                let path = route.path.replacing("{site}", with: "nowhere").replacing("{link}", with: "a--b").replacing(
                    "{generation}", with: "1"
                ).replacing("{name}", with: "nobody").replacing("**", with: "x")
                let method = HTTPMethod(rawValue: route.method.rawValue)
                for role in [nil] + AccessRole.allCases {
                    let request = server.request(method, path, bearer: role.flatMap { tokens[$0] })
                    // The body is left: a stream has no end.
                    let status = Int(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status.code)
                    let place = "\(route.method.rawValue) \(route.path) as \(role?.rawValue ?? "nobody") answered \(status)"
                    switch (route.access, role) {
                    case (.anyone, _): #expect(![401, 403].contains(status), "\(place)")
                    case (.least, nil): #expect(status == 401, "\(place)")
                    case (.least(let least), let role?) where role < least: #expect(status == 403, "\(place)")
                    case (.least, _): #expect(![401, 403].contains(status), "\(place)")
                    }
                }
            }
            #expect(try await server.call(.GET, "/v1/no/such/route").status == 401)
            #expect(try await server.call(.GET, "/v1/no/such/route", bearer: server.first).status == 404)
        }
    }

    @Test func tokensAreMadeListedAndRevoked() async throws {
        try await Self.with { server in
            let made = try await server.call(
                .POST, "/v1/access-tokens", bearer: server.first, body: #"{"name": "ci@example", "role": "operator"}"#)
            #expect(made.status == 201)
            let token = try made.decoded(APIMessage.NewAccessToken.self)
            #expect(token.details.role == .operator && token.details.lastUsedAt == nil)
            let who = try await server.call(.GET, "/v1/whoami", bearer: token.token).decoded(APIMessage.Identity.self)
            #expect(who == APIMessage.Identity(name: "ci@example", role: .operator, means: .token, expiresAt: nil))
            let again = try await server.call(
                .POST, "/v1/access-tokens", bearer: server.first, body: #"{"name": "ci@example", "role": "viewer"}"#)
            #expect(again.status == 409)
            for name in ["", "-x", "a b", String(repeating: "x", count: 65)] {
                let refused = try await server.call(
                    .POST, "/v1/access-tokens", bearer: server.first, body: #"{"name": "\#(name)", "role": "viewer"}"#)
                #expect(refused.status == 400, "\(name)")
            }
            let reserved = try await server.call(
                .POST, "/v1/access-tokens", bearer: server.first, body: #"{"name": "api-token", "role": "viewer"}"#)
            #expect(reserved.status == 409)
            let list = try await server.call(.GET, "/v1/access-tokens", bearer: server.first)
            #expect(try list.decoded([APIMessage.AccessToken].self).map(\.lastUsedAt).contains(nil) == false)
            #expect(!String(decoding: list.body, as: UTF8.self).contains(token.token.suffix(64)))
            #expect(try await server.call(.DELETE, "/v1/access-tokens/ci@example", bearer: server.first).status == 204)
            #expect(try await server.call(.GET, "/v1/whoami", bearer: token.token).status == 401)
            #expect(try await server.call(.DELETE, "/v1/access-tokens/ci@example", bearer: server.first).status == 404)
            let events = try await server.controller.events(since: 0)
            #expect(events.map(\.kind) == [.accessTokenCreated, .accessTokenRevoked])
        }
    }

    @Test func whatIsNearlyATokenIsNone() async throws {
        try await Self.with { server in
            let token = try await server.token(.viewer)
            let other = try await server.token(.viewer, named: "other")
            let parts = token.split(separator: "_"), theirs = other.split(separator: "_")
            let wrong = [
                "", " ", "warren_", "warren__", token.uppercased(), String(token.dropLast()), token + "0",
                "warren_\(parts[1])_\(theirs[2])", "warren_\(theirs[1])_\(parts[2])", String(parts[2]),
                String(repeating: "\u{e9}", count: 64),
            ]
            for text in wrong { #expect(server.controller.access.principal(ofToken: text) == nil, "\(text)") }
            #expect(server.controller.access.principal(ofToken: token)?.name == "viewer")
        }
    }

    @Test func tokensExpireAndOutliveARestart() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wx-\(UUID().uuidString.prefix(8))").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let time = Mutable(Date(timeIntervalSince1970: 1_800_000_000))
        let clock = ControllerClock(date: { time.value }, monotonic: { MonotonicTime(nanoseconds: 0) })
        var controller = try await Controller(directory: directory, options: .init(clock: clock), log: APITests.log)
        let brief = try await controller.createAccessToken(named: "brief", role: .admin, lifetimeSeconds: 60, by: .socket).text
        let lasting = try await controller.createAccessToken(named: "a", role: .viewer, lifetimeSeconds: nil, by: .socket).text
        let principal = try #require(controller.access.principal(ofToken: brief))
        let session = controller.access.openSession(for: principal)
        #expect(controller.access.principal(ofSession: session.id)?.role == .admin)
        time.value += 59
        #expect(controller.access.isStillGood(principal) && controller.access.isStillGood(session.principal))
        time.value += 1
        #expect(controller.access.principal(ofToken: brief) == nil)
        #expect(controller.access.principal(ofSession: session.id) == nil)
        #expect(!controller.access.isStillGood(principal) && !controller.access.isStillGood(session.principal))
        controller.close()
        controller = try await Controller(directory: directory, options: .init(clock: clock), log: APITests.log)
        #expect(controller.access.principal(ofToken: lasting)?.role == .viewer)
        #expect(controller.access.principal(ofToken: brief) == nil)
    }
}
