import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle
import Testing
import WarrenAPIModel
import WarrenController
import WarrenModel
import WarrenStatus

@testable import WarrenAPI

@Suite struct APITests {
    static let inventory = """
        {"name": "mesh.yaml", "text": "version: 1\\nmesh: acme\\nsites:\\n  berlin:\\n    gateway: {public: 198.18.0.1, private: \
        192.168.1.1}\\n    networks: [192.168.1.0/24]\\n  tokyo:\\n    gateway: {public: 198.18.0.2, private: 192.168.2.1}\\n    \
        networks: [192.168.2.0/24]\\n"}
        """
    static let apply = #"{"expected": 0, "files": [\#(inventory)]}"#

    struct Answer {
        let status: Int
        let type: String
        let body: Data
        func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(type, from: body)
        }
    }

    /// One API on a unix socket of its own.
    struct Server: Sendable {
        let directory: String
        let controller: Controller
        var socket: String { directory + "/api.sock" }

        func call(_ method: HTTPMethod, _ path: String, _ body: String? = nil) async throws -> Answer {
            let escaped = try #require(socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            var request = HTTPClientRequest(url: "http+unix://\(escaped)\(path)")
            request.method = method
            if let body { request.body = .bytes(ByteBuffer(string: body)) }
            return try await APITests.answer(request, HTTPClient.shared)
        }
    }

    static func answer(_ request: HTTPClientRequest, _ client: HTTPClient) async throws -> Answer {
        let response = try await client.execute(request, timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 1 << 24)
        return Answer(
            status: Int(response.status.code), type: response.headers.first(name: "content-type") ?? "",
            body: Data(body.readableBytesView))
    }

    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func with(_ body: @Sendable (Server) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wa-\(UUID().uuidString.prefix(8))").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await Controller(directory: directory, log: log)
        let server = Server(directory: directory, controller: controller)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        let service = API(controller: controller, log: log).onSocket(path: server.socket) { opening.finish() }
        try await run(service, until: opened) { try await body(server) }
    }

    static func run(_ service: some Service, until opened: AsyncStream<Void>, _ body: @Sendable () async throws -> Void)
        async throws
    {
        let group = ServiceGroup(services: [service], logger: log)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in opened {}
            do {
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func theWayOfAnInventory() async throws {
        try await Self.with { server in
            #expect(try await server.call(.GET, "/v1/plan").status == 404)
            let preview: APIMessage.PlanPreview = try await server.call(.POST, "/v1/plan", Self.apply).decoded()
            #expect(preview.current == .none)
            #expect(!preview.changes.isEmpty)
            let accepted = try await server.call(.POST, "/v1/generations", Self.apply)
            #expect(accepted.status == 201)
            #expect(try accepted.decoded(APIMessage.Accepted.self).generation == Generation(rawValue: 1))
            let current: APIMessage.CurrentPlan = try await server.call(.GET, "/v1/plan").decoded()
            #expect(current.plan.gateways.count == 2)
            let one: APIMessage.CurrentPlan = try await server.call(.GET, "/v1/plan?site=tokyo").decoded()
            #expect(one.plan.gateways == [current.plan.gateways[1]])
            #expect(try await server.call(.GET, "/v1/plan?site=nowhere").status == 404)
            let conflict = try await server.call(.POST, "/v1/generations", Self.apply)
            #expect(conflict.status == 409)
            #expect(try await server.call(.POST, "/v1/plan", Self.apply).decoded(APIMessage.PlanPreview.self).changes.isEmpty)
            let status: MeshStatus = try await server.call(.GET, "/v1/status").decoded()
            #expect(status.links.map(\.state) == [.unknown])
            let list: [APIMessage.GenerationSummary] = try await server.call(.GET, "/v1/generations").decoded()
            #expect(list.map(\.sites) == [2])
            let token: APIMessage.TokenResponse = try await server.call(
                .POST, "/v1/tokens", #"{"site": "berlin", "lifetimeSeconds": 60}"#
            ).decoded()
            #expect(token.expiresInSeconds == 60)
            let events: [APIMessage.Event] = try await server.call(.GET, "/v1/events?since=1").decoded()
            #expect(events.map(\.kind) == ["token-created"])
            #expect(!events.contains { $0.text.contains(token.token) })
        }
    }

    @Test(
        arguments: [
            (HTTPMethod.GET, "/v1/nothing", nil, 404), (.GET, "/nothing", nil, 404), (.POST, "/v1/status", "{}", 405),
            (.DELETE, "/v1/reports/berlin", nil, 405), (.GET, "/v1/tokens", nil, 405), (.POST, "/v1/plan", "{", 400),
            (.POST, "/v1/plan", "{}", 400), (.POST, "/v1/tokens", #"{"site": "../x", "lifetimeSeconds": 1}"#, 400),
            (.POST, "/v1/tokens", #"{"site": "berlin", "lifetimeSeconds": 1}"#, 404),
            (.POST, "/v1/tokens", #"{"site": "berlin", "lifetimeSeconds": -1}"#, 400), (.GET, "/v1/reports/berlin", nil, 404),
            (.GET, "/v1/reports/Bad", nil, 400), (.GET, "/v1/events?since=x", nil, 400),
            (.POST, "/v1/plan", #"{"files": []}"#, 422),
        ] as [(HTTPMethod, String, String?, Int)])
    func everyErrorIsAProblem(method: HTTPMethod, path: String, body: String?, status: Int) async throws {
        try await Self.with { server in
            let answer = try await server.call(method, path, body)
            #expect(answer.status == status)
            #expect(answer.type == "application/problem+json")
            let problem: APIMessage.Problem = try answer.decoded()
            #expect(problem.status == status)
            #expect(!problem.detail.isEmpty)
            #expect((problem.diagnostics?.isEmpty == false) == (status == 422))
        }
    }

    @Test func aBodyTooLarge() async throws {
        try await Self.with { server in
            let body = #"{"files": [{"name": "a", "text": ""# + String(repeating: "x", count: API.maximumBodySize) + #""}]}"#
            let answer = try await server.call(.POST, "/v1/plan", body)
            #expect(answer.status == 413)
            #expect(answer.type == "application/problem+json")
        }
    }

    @Test func theSocketIsTheOwnersAndGoesInTheEnd() async throws {
        let path = Mutable("")
        try await Self.with { server in
            path.value = server.socket
            let attributes = try FileManager.default.attributesOfItem(atPath: server.socket)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            // One that is alive is not taken away.
            #expect(throws: ControllerError.self) { try UnixSocket.removeStale(server.socket) }
        }
        #expect(!FileManager.default.fileExists(atPath: path.value))
    }

    @Test func whatIsNoSocketStays() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("wf-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("x".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: ControllerError.self) { try UnixSocket.removeStale(path) }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func overTLSTheTokenOpens() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wt-\(UUID().uuidString.prefix(8))").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await Controller(directory: directory, options: .init(names: ["127.0.0.1"]), log: Self.log)
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        let port = Mutable(0)
        let service = try API(controller: controller, log: Self.log).onTLS(
            Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 0)
        ) {
            port.value = $0
            opening.finish()
        }
        try await Self.run(service, until: opened) {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: controller.authority.encoded, format: .der)])
            let client = HTTPClient(configuration: .init(tlsConfiguration: tls))
            let token = try String(contentsOfFile: directory + "/api-token", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            var outcomes: [Int] = []
            for header in [nil, "Bearer ", "Bearer x", "Basic \(token)", "Bearer \(token)x", "Bearer \(token)"] {
                var request = HTTPClientRequest(url: "https://127.0.0.1:\(port.value)/v1/status")
                if let header { request.headers.add(name: "authorization", value: header) }
                outcomes.append(try await Self.answer(request, client).status)
            }
            var opening = HTTPClientRequest(url: "https://127.0.0.1:\(port.value)/v1/session")
            opening.method = .POST
            opening.headers.add(name: "authorization", value: "Bearer \(token)")
            let cookie = try await client.execute(opening, timeout: .seconds(20)).headers.first(name: "set-cookie") ?? ""
            #expect(cookie.hasPrefix("__Host-warren=") && cookie.contains("; Secure") && !cookie.contains("Domain"))
            try await client.shutdown()
            #expect(outcomes == [401, 401, 401, 401, 401, 200])
        }
    }
}

/// A value that a test's closures share.
final class Mutable<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: Value
    init(_ value: Value) { stored = value }
    var value: Value {
        get { lock.withLock { stored } }
        set { lock.withLock { stored = newValue } }
    }
}
