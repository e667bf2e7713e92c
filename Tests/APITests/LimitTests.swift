import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import WarrenAPIModel
import WarrenModel

@testable import WarrenAPI

/// What happens to those who ask for too much.
@Suite struct LimitTests {
    static func after(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: 0) + .milliseconds(Int64(seconds * 1000))
    }

    @Test func bucketsFillSteadily() {
        let limiter = RateLimiter(.init(perSecond: 0.5, burst: 2))
        #expect(limiter.take("a", now: Self.after(0)) == nil)
        #expect(limiter.take("a", now: Self.after(0)) == nil)
        #expect(limiter.take("a", now: Self.after(0)) == 2)
        #expect(limiter.take("b", now: Self.after(0)) == nil)
        #expect(limiter.take("a", now: Self.after(1)) == 1)
        #expect(limiter.take("a", now: Self.after(2)) == nil)
        #expect(limiter.take("a", now: Self.after(2)) == 2)
        // It is never more than full, and time that goes back takes nothing.
        for _ in 0..<2 { #expect(limiter.take("a", now: Self.after(1000)) == nil) }
        #expect(limiter.take("a", now: Self.after(999)) == 2)
    }

    @Test func manyWhoAskDoNotFillTheMemory() {
        let limiter = RateLimiter(.init(perSecond: 1, burst: 1))
        for index in 0..<RateLimiter.largestNumberOfBuckets { #expect(limiter.take("\(index)", now: Self.after(0)) == nil) }
        // The others share one bucket, until those before are full again.
        #expect(limiter.take("x", now: Self.after(0)) == nil)
        #expect(limiter.take("y", now: Self.after(0)) == 1)
        #expect(limiter.take("y", now: Self.after(1)) == nil)
        #expect(limiter.take("z", now: Self.after(1)) == nil)
    }

    @Test func anIPv6NetworkCountsAsOne() {
        #expect(Throttle.network(of: "2001:db8:1:2::1") == Throttle.network(of: "2001:db8:1:2:ffff::9"))
        #expect(Throttle.network(of: "2001:db8:1:2::1") != Throttle.network(of: "2001:db8:1:3::1"))
        #expect(Throttle.network(of: "192.0.2.1") == "192.0.2.1")
    }

    @Test func guessesAreRefusedAndGoodTokensPass() async throws {
        var limits = API.Limits()
        limits.failures = .init(perSecond: 0.001, burst: 2)
        try await AccessTests.with(limits: limits) { server in
            var statuses: [Int] = []
            for _ in 0..<4 { statuses.append(try await server.call(.GET, "/v1/whoami", bearer: "guess").status) }
            #expect(statuses == [401, 401, 429, 429])
            let request = server.request(.GET, "/v1/whoami", headers: [("cookie", "warren=guess")])
            let refused = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            #expect(refused.status.code == 429)
            #expect(refused.headers.first(name: "retry-after").flatMap { Int($0) } ?? 0 > 100)
            #expect(try await server.call(.GET, "/v1/whoami", bearer: server.first).status == 200)
        }
    }

    @Test func aCredentialHasItsRate() async throws {
        var limits = API.Limits()
        limits.requests = .init(perSecond: 0.001, burst: 3)
        try await AccessTests.with(limits: limits) { server in
            let other = try await server.token(.viewer)
            var statuses: [Int] = []
            for _ in 0..<4 { statuses.append(try await server.call(.GET, "/v1/whoami", bearer: server.first).status) }
            #expect(statuses == [200, 200, 200, 429])
            #expect(try await server.call(.GET, "/v1/whoami", bearer: other).status == 200)
        }
    }

    @Test func anAddressHasItsRate() async throws {
        var limits = API.Limits()
        limits.addresses = .init(perSecond: 0.001, burst: 2)
        try await AccessTests.with(limits: limits) { server in
            var statuses: [Int] = []
            for _ in 0..<3 { statuses.append(try await server.call(.GET, "/v1/whoami", bearer: server.first).status) }
            #expect(statuses == [200, 200, 429])
        }
    }

    @Test(
        arguments: [
            ("this is no HTTP\r\n\r\n", 400), ("GET / HTTP/9.9\r\n\r\n", 400),
            ("GET /v1/status HTTP/1.1\r\nbad header\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nx: \(String(repeating: "x", count: 100_000))\r\n\r\n", 431),
            ("POST /v1/plan HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n", 400),
        ])
    func whatIsNoHTTPIsAProblem(text: String, status: Int) async throws {
        try await AccessTests.with { server in
            let answer = try await Self.exchange(text, server.port)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(200))")
            #expect(answer.lowercased().contains("content-type: application/problem+json"))
            let body = try #require(answer.components(separatedBy: "\r\n\r\n").last)
            #expect(try JSONDecoder().decode(APIMessage.Problem.self, from: Data(body.utf8)).status == status)
            #expect(try await server.call(.GET, "/v1/whoami", bearer: server.first).status == 200)
        }
    }

    /// A request whose body does not come to its end is one that is being answered.
    @Test func onlySoManyAreAnsweredAtOnce() async throws {
        var limits = API.Limits()
        limits.concurrentRequests = 1
        // Whoever asks until the answer changes must not be told that they ask too often.
        limits.requests = .init(perSecond: 1_000_000, burst: 1_000_000)
        limits.addresses = limits.requests
        try await AccessTests.with(limits: limits) { server in
            let held = try await Self.connect(server.port)
            try await held.executeThenClose { _, outbound in
                let head = "POST /v1/plan HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(server.first)\r\n"
                try await outbound.write(ByteBuffer(string: head + "content-length: 100\r\n\r\n{"))
                var response: HTTPClientResponse
                repeat {
                    let request = server.request(.GET, "/v1/whoami", bearer: server.first)
                    response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
                } while response.status.code == 200
                #expect(response.status.code == 503)
                #expect(response.headers.first(name: "retry-after") == "1")
            }
            var status = 503
            while status == 503 { status = try await server.call(.GET, "/v1/whoami", bearer: server.first).status }
            #expect(status == 200)
        }
    }

    @Test func waitingForABodyEnds() async throws {
        let (never, continuation) = AsyncStream.makeStream(of: Int.self)
        let late = try await Deadline.within(.milliseconds(1)) { await never.first { _ in true } }
        #expect(late == nil)
        continuation.finish()
        #expect(try await Deadline.within(.seconds(60)) { 7 } == 7)
        await #expect(throws: Refusal.self) { try await Deadline.within(.seconds(60)) { throw Refusal(.badRequest, "no") } }
    }

    /// All that the server says until it closes the connection.
    static func exchange(_ text: String, _ port: Int) async throws -> String {
        try await connect(port).executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var answer = ByteBuffer()
            do {
                for try await part in inbound { answer.writeImmutableBuffer(part) }
            } catch is IOError {}
            return String(buffer: answer)
        }
    }

    static func connect(_ port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    }
}
