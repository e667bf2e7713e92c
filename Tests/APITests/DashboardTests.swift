import AsyncHTTPClient
import Foundation
import Testing

@testable import WarrenAPI

/// The dashboard's files as the controller serves them. What they do in a browser is tested in Tests/Dashboard.
@Suite struct DashboardTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Dashboard/Web")

    @Test func everyFileIsInTheProgram() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let files = Dashboard(d3Places: []).files
        #expect(Set(names).union([Dashboard.d3]) == Set(files.keys))
        for name in names {
            let expected = try Data(contentsOf: Self.folder.appending(path: name))
            #expect(files[name].map { Data($0.bytes.readableBytesView) } == expected, "\(name)")
            #expect(files[name]?.type != "application/octet-stream", "\(name) has no type")
        }
    }

    @Test func noFileIsLongOrNamesAnotherHost() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path) {
            let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 290, "\(name)")
            let foreign = text.matches(of: /https?:\/\/[a-z0-9.-]+/).map { String($0.output) }.filter {
                $0 != "http://www.w3.org"
            }
            #expect(foreign.isEmpty, "\(name) names \(foreign)")
            let sinks: [Regex<Substring>] = [
                /innerHTML/, /outerHTML/, /insertAdjacentHTML/, /document\.write/, /\beval\(/, /new Function/,
            ]
            for sink in sinks { #expect(text.firstMatch(of: sink) == nil, "\(name) makes markup or code from text") }
        }
    }

    @Test func withoutD3AnEmptyScriptStandsInForIt() throws {
        let script = try #require(Dashboard(d3Places: ["/nonexistent/d3.js"]).files[Dashboard.d3])
        #expect(String(buffer: script.bytes).hasPrefix("//") && script.type.hasPrefix("text/javascript"))
    }

    @Test func thePageIsGuardedAndCached() async throws {
        try await APITests.with { server in
            let escaped = try #require(server.socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            var request = HTTPClientRequest(url: "http+unix://\(escaped)/")
            request.headers.add(name: "accept", value: "text/html,*/*;q=0.8")
            let page = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            #expect(page.status == .ok)
            let body = try await page.body.collect(upTo: 1 << 20)
            #expect(String(buffer: body).contains("<title>Warren</title>"))
            let policy = try #require(page.headers.first(name: "content-security-policy"))
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'") && !policy.contains("unsafe"))
            #expect(page.headers.first(name: "x-content-type-options") == "nosniff")
            request.headers.add(name: "if-none-match", value: try #require(page.headers.first(name: "etag")))
            #expect(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status == .notModified)
            for (path, status) in [
                ("/assets/app.js", 200), ("/assets/d3.min.js", 200), ("/assets/none.js", 404),
                ("/assets/%2e%2e%2fapi-token", 404),
                ("/assets/..%2fapi-token", 404), ("/assets/../api-token", 404), ("/assets/", 404),
            ] {
                let answer = try await server.call(.GET, path)
                #expect(answer.status == status, "\(path)")
                #expect(answer.type == (status == 200 ? "text/javascript; charset=utf-8" : "application/problem+json"))
            }
        }
    }
}
