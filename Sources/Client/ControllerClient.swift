import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import WarrenAPIModel
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStatus

/// Typed calls of the controller's HTTP API, one method per route. Every failure is a `ClientError`.
///
/// Use it through `withClient`, which closes its connections at the end.
public final class ControllerClient: Sendable {
    /// Larger answers than this are refused, in bytes.
    static let largestAnswer = 256 << 20

    public let address: ControllerAddress
    private let http: HTTPClient
    private let bearer: String?

    /// Lends a client of the controller at `address`, and closes it when `body` ends either way.
    ///
    /// - Parameter silenceSeconds: how long an answer may pause.
    @discardableResult
    public static func withClient<Result: Sendable>(
        of address: ControllerAddress, silenceSeconds: Int64 = 60, _ body: @Sendable (ControllerClient) async throws -> Result
    ) async throws -> Result {
        let client = try ControllerClient(address, silenceSeconds: silenceSeconds)
        do {
            let result = try await body(client)
            try? await client.http.shutdown()
            return result
        } catch {
            try? await client.http.shutdown()
            throw error
        }
    }

    private init(_ address: ControllerAddress, silenceSeconds: Int64) throws {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(silenceSeconds)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.tlsConfiguration = try address.tlsConfiguration()
        bearer = try address.bearerToken()
        self.address = address
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// `GET /v1/status`.
    public func status() async throws -> MeshStatus { try await get("/v1/status") }

    /// The names of the current generation's sites, in order, from `GET /v1/status`.
    public func siteNames() async throws -> [SiteName] {
        try await status(links: .none).sites.map(\.site)
    }

    /// `GET /v1/version`.
    public func version() async throws -> APIMessage.Version { try await get("/v1/version") }

    /// `GET /v1/plan?site=NAME`: what the site's gateway shall run in the current generation.
    public func currentPlan(of site: SiteName) async throws -> APIMessage.CurrentPlan {
        try await get("/v1/plan?site=\(site)")
    }

    /// `GET /v1/generations`: what was accepted, newest first.
    public func generations() async throws -> [APIMessage.GenerationSummary] { try await get("/v1/generations") }

    /// The number of the current generation, from `GET /v1/generations`; `.none` before the first.
    public func currentGeneration() async throws -> Generation {
        let newestFirst: [APIMessage.GenerationSummary] = try await get("/v1/generations?limit=1")
        return newestFirst.first?.generation ?? .none
    }

    /// `GET /v1/events?since=N`: what happened after event N, as the controller's own JSON.
    public func events(since: UInt64) async throws -> Data {
        try await exchange(.GET, "/v1/events?since=\(since)", body: nil)
    }

    /// `GET /v1/reports/{site}`: the last facts that the site's agent sent.
    public func report(of site: SiteName) async throws -> AgentReport { try await get("/v1/reports/\(site)") }

    /// `POST /v1/plan`: what would change if `files` were applied; nothing is stored.
    ///
    /// - Parameter site: the only gateway to be told of, with all its changes.
    public func preview(
        _ files: [InventoryFile], assignments: Assignments? = nil, of site: SiteName? = nil
    ) async throws -> APIMessage.PlanPreview {
        try await post("/v1/plan", APIMessage.PlanRequest(files: files, assignments: assignments, site: site))
    }

    /// `POST /v1/generations`: makes `files` the next generation. Fails with `.conflict` when the current generation is
    /// not `expected`, and with `.rejected` when the inventory has faults.
    public func apply(_ files: [InventoryFile], expected: Generation) async throws -> Generation {
        try await apply(APIMessage.ApplyRequest(files: files, expected: expected))
    }

    /// `POST /v1/generations`; also fails with `.conflict` when the changes would not be those of the request's fingerprint.
    public func apply(_ request: APIMessage.ApplyRequest) async throws -> Generation {
        let accepted: APIMessage.Accepted = try await post("/v1/generations", request)
        return accepted.generation
    }

    /// `POST /v1/tokens`: a token with which one agent may enrol once for `site`.
    public func createToken(for site: SiteName, lifetimeSeconds: UInt32) async throws -> APIMessage.TokenResponse {
        try await post("/v1/tokens", APIMessage.TokenRequest(site: site, lifetimeSeconds: lifetimeSeconds))
    }

    func get<Answer: Decodable>(_ path: String) async throws -> Answer {
        try decode(try await exchange(.GET, path, body: nil), from: path)
    }

    func post<Answer: Decodable>(_ path: String, _ message: some Encodable) async throws -> Answer {
        try decode(try await exchange(.POST, path, body: try JSONEncoder().encode(message)), from: path)
    }

    func decode<Answer: Decodable>(_ data: Data, from path: String) throws -> Answer {
        try understanding(path) { try JSONDecoder().decode(Answer.self, from: data) }
    }

    /// What `read` makes of an answer to `path`. Fails with `.malformed` whatever it throws.
    public func understanding<Answer>(_ path: String, _ read: () throws -> Answer) throws -> Answer {
        do {
            return try read()
        } catch {
            throw ClientError(
                .malformed, "\(address) answered \(path) with something that this version of warren does not understand",
                cause: "\(error)")
        }
    }

    private func request(_ method: HTTPMethod, _ path: String, accept: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address.base + path)
        request.method = method
        request.headers.add(name: "Accept", value: accept)
        if let bearer { request.headers.add(name: "Authorization", value: "Bearer \(bearer)") }
        return request
    }

    /// One request, and its answer piece by piece; throws for every status but 2xx, and when the answer breaks off.
    func stream(
        _ method: HTTPMethod, _ path: String, accept: String, seconds: Int64, take: (ByteBuffer) throws -> Void
    ) async throws {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request(method, path, accept: accept), timeout: .seconds(seconds))
        } catch {
            try Task.checkCancellation()
            throw address.unreachable(cause: error)
        }
        guard (200..<300).contains(response.status.code) else {
            let refusal = (try? await response.body.collect(upTo: 1 << 20)).map { Data(buffer: $0) } ?? Data()
            throw ClientError(refusal: refusal, status: Int(response.status.code), address: address)
        }
        do {
            for try await piece in response.body { try take(piece) }
        } catch let error where error is HTTPClientError || error is ChannelError || error is IOError {
            try Task.checkCancellation()
            throw ClientError(.failed, "\(address) broke off its answer", cause: "\(error)")
        }
    }

    /// One request and its whole answer; throws for every status but 2xx.
    func exchange(
        _ method: HTTPMethod, _ path: String, body: Data?, accept: String = "application/json, application/problem+json"
    ) async throws -> Data {
        var request = request(method, path, accept: accept)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(data: body))
        }
        let response: HTTPClientResponse
        let answer: Data
        do {
            response = try await http.execute(request, timeout: .seconds(60))
            answer = Data(buffer: try await response.body.collect(upTo: Self.largestAnswer))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            throw address.unreachable(cause: error)
        }
        guard !(200..<300).contains(response.status.code) else { return answer }
        throw ClientError(refusal: answer, status: Int(response.status.code), address: address)
    }
}
