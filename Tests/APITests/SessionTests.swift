import AsyncHTTPClient
import Foundation
import NIOHTTP1
import Testing
import WarrenAPIModel

@testable import WarrenAPI

/// Cookies, and what a page of somewhere else must not get done with them.
@Suite struct SessionTests {
    /// The cookie that a new session has set, as a browser sends it back.
    static func open(_ server: AccessTests.Server) async throws -> (cookie: String, attributes: String) {
        let request = server.request(.POST, "/v1/session", bearer: server.first)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        #expect(response.status.code == 200)
        let text = try #require(response.headers.first(name: "set-cookie"))
        let parts = text.split(separator: ";", maxSplits: 1)
        return (String(parts[0]), String(parts[1]))
    }

    @Test func aCookieStandsForItsToken() async throws {
        try await AccessTests.with { server in
            let (cookie, attributes) = try await Self.open(server)
            #expect(cookie.hasPrefix("warren=") && cookie.utf8.count == 7 + 64)
            for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
                #expect(attributes.contains(attribute), "\(attributes)")
            }
            let origin = ("origin", "http://127.0.0.1:\(server.port)")
            let who = try await server.call(.GET, "/v1/whoami", headers: [("cookie", cookie)])
            #expect(try who.decoded(APIMessage.Identity.self).means == .session)
            #expect(try await server.call(.POST, "/v1/session", headers: [("cookie", cookie), origin]).status == 409)
            #expect(try await server.call(.DELETE, "/v1/session", bearer: server.first).status == 409)
            #expect(try await server.call(.DELETE, "/v1/session", headers: [("cookie", cookie), origin]).status == 204)
            #expect(try await server.call(.GET, "/v1/whoami", headers: [("cookie", cookie)]).status == 401)
            #expect(try await server.call(.GET, "/v1/whoami", headers: [("cookie", "warren=")]).status == 401)
        }
    }

    @Test func whatChangesSomethingNamesOurOrigin() async throws {
        try await AccessTests.with { server in
            let cookie = ("cookie", try await Self.open(server).cookie)
            let body = #"{"name": "x", "role": "viewer"}"#
            for origin in [nil, "null", "http://evil.example", "https://127.0.0.1:\(server.port)", "http://127.0.0.1"] {
                let headers = [cookie] + (origin.map { [("origin", $0)] } ?? [])
                let answer = try await server.call(.POST, "/v1/access-tokens", headers: headers, body: body)
                #expect(answer.status == 403, "\(origin ?? "no origin")")
            }
            let foreign = [cookie, ("sec-fetch-site", "cross-site")]
            #expect(try await server.call(.GET, "/v1/whoami", headers: foreign).status == 403)
            let ours = [cookie, ("origin", "http://127.0.0.1:\(server.port)"), ("sec-fetch-site", "same-origin")]
            #expect(try await server.call(.POST, "/v1/access-tokens", headers: ours, body: body).status == 201)
            // Who shows a token means it, and no page of another origin can.
            #expect(try await server.call(.POST, "/v1/session", bearer: server.first).status == 200)
        }
    }

    @Test(
        arguments: [
            ("127.0.0.1", 401), ("127.0.0.1:80", 401), ("localhost:8080", 401), ("[::1]:8080", 401), ("192.0.2.1", 401),
            ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421), ("[::1", 421),
            ("a:b:c", 421),
        ])
    func onlyOurNamesAreAskedFor(host: String, status: Int) async throws {
        try await AccessTests.with { server in
            let answer = try await server.call(.GET, "/v1/status", headers: [("host", host)])
            #expect(answer.status == status)
        }
    }

    @Test func everyAnswerTellsBrowsersToBeCareful() async throws {
        try await AccessTests.with { server in
            for path in ["/v1/whoami", "/v1/status", "/v1/nothing"] {
                for token in [nil, server.first] {
                    let request = server.request(.GET, path, bearer: token)
                    let headers = try await HTTPClient.shared.execute(request, timeout: .seconds(20)).headers
                    #expect(headers.first(name: "x-content-type-options") == "nosniff")
                    #expect(headers.first(name: "x-frame-options") == "DENY")
                    #expect(headers.first(name: "cache-control") == "no-store")
                    #expect(headers.first(name: "content-security-policy")?.contains("default-src 'none'") == true)
                }
            }
        }
    }
}
