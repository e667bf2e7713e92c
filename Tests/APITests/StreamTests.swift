import AsyncHTTPClient
import Foundation
import NIOHTTP1
import Testing
import WarrenAPIModel
import WarrenModel
import WarrenStatus

@testable import WarrenAPI

/// Server-sent events: who hears what, and who is told to read everything anew.
@Suite struct StreamTests {
    static func hub(_ limits: API.Limits = .init()) -> StreamHub {
        StreamHub(limits: limits, log: APITests.log) { AsyncStream { _ in } }
    }

    static func batch(_ text: String) -> StreamBatch {
        StreamBatch(events: [APIMessage.Event(number: 1, at: "", kind: "applied", site: nil, text: text)])
    }

    /// So many messages.
    static func next(_ count: Int, of subscription: StreamHub.Subscription) async -> [String] {
        var texts: [String] = [], iterator = subscription.messages.makeAsyncIterator()
        while texts.count < count, let message = await iterator.next() { texts.append(message.text) }
        return texts
    }

    static func id(_ message: String) -> String? {
        message.split(separator: "\n").first { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }

    @Test func whoWasAwayForAMomentMissesNothing() async throws {
        let hub = Self.hub()
        let first = try hub.subscribe(credential: "a", after: nil) {}
        hub.publish(Self.batch("one"))
        hub.publish(Self.batch("two\nlines"))
        let heard = await Self.next(3, of: first)
        #expect(heard[0].hasPrefix("event: hello\ndata: {\"heartbeatSeconds\":15}"))
        #expect(heard[1].hasPrefix("event: events\nid: ") && heard[1].hasSuffix("\n\n"))
        #expect(heard[2].contains(#"two\nlines"#) && heard[2].split(separator: "\n").count == 3)
        hub.publish(Self.batch("three"))
        let second = try hub.subscribe(credential: "a", after: Self.id(heard[1])) {}
        hub.publish(Self.batch("four"))
        let missed = await Self.next(4, of: second)
        #expect(missed[1] == heard[2] && missed[2].contains("three") && missed[3].contains("four"))
        let last = try hub.subscribe(credential: "a", after: Self.id(missed[3])) {}
        hub.publish(Self.batch("five"))
        #expect(await Self.next(2, of: last)[1].contains("five"))
    }

    @Test(arguments: ["", "x", "x-1", "-", "1-1-1", "RUN-9", "RUN-99999999999999999999", "RUN-", "RUN-0"])
    func whoCannotGoOnReadsEverythingAnew(id: String) async throws {
        let hub = Self.hub()
        let first = try hub.subscribe(credential: "a", after: nil) {}
        hub.publish(Self.batch("one"))
        let known = try #require(Self.id(await Self.next(2, of: first)[1]))
        if id == "RUN-0" { for _ in 0..<StreamHub.messagesKept { hub.publish(Self.batch("x")) } }
        let run = try #require(known.split(separator: "-").first)
        let later = try hub.subscribe(credential: "a", after: id.replacing("RUN", with: run)) {}
        let heard = await Self.next(2, of: later)
        #expect(heard[1].hasPrefix("event: resync\nid: \(run)-"))
        // From there on it goes on.
        let again = try hub.subscribe(credential: "a", after: Self.id(heard[1])) {}
        hub.publish(Self.batch("last"))
        #expect(await Self.next(2, of: again)[1].contains("last"))
    }

    @Test func theSlowAreDroppedAndTheOthersHear() async throws {
        let hub = Self.hub(), dropped = Mutable(0)
        let slow = try hub.subscribe(credential: "slow", after: nil) { dropped.value += 1 }
        let quick = try hub.subscribe(credential: "quick", after: nil) { dropped.value += 100 }
        var iterator = quick.messages.makeAsyncIterator()
        for index in 0..<(StreamHub.messagesKept + StreamHub.messagesWaiting + 10) {
            hub.publish(Self.batch("\(index)"))
            while let message = await iterator.next(), !message.text.contains("\"text\":\"\(index)\"") {}
        }
        #expect(dropped.value == 1)
        #expect(hub.state.withLock { $0.listeners.count } == 1)
        // What waits for it still comes, and then it ends.
        var rest = 0
        for await _ in slow.messages { rest += 1 }
        #expect(rest == StreamHub.messagesKept + StreamHub.messagesWaiting)
    }

    @Test func streamsAreCounted() throws {
        var limits = API.Limits()
        limits.streams = 3
        limits.streamsPerCredential = 2
        let hub = Self.hub(limits)
        var open = [
            try hub.subscribe(credential: "a", after: nil) {}, try hub.subscribe(credential: "a", after: nil) {},
        ]
        #expect(throws: Refusal.self) { try hub.subscribe(credential: "a", after: nil) {} }
        open.append(try hub.subscribe(credential: "b", after: nil) {})
        #expect(throws: Refusal.self) { try hub.subscribe(credential: "c", after: nil) {} }
        open.removeFirst()
        open.append(try hub.subscribe(credential: "c", after: nil) {})
        #expect(hub.state.withLock { $0.listeners.count } == open.count)
    }

    @Test func whatHappensIsHeardOverHTTP() async throws {
        try await AccessTests.with { server in
            let token = try await server.token(.viewer)
            let request = server.request(.GET, "/v1/stream", bearer: token, headers: [("accept", "text/event-stream")])
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            #expect(response.headers.first(name: "content-type") == "text/event-stream")
            var heard = "", applied = false
            for try await part in response.body {
                heard += String(buffer: part)
                if !applied, heard.contains("event: hello\n") {
                    applied = true
                    #expect(
                        try await server.call(.POST, "/v1/generations", bearer: server.first, body: APITests.apply).status
                            == 201)
                }
                if ["event: events\n", "event: links\n", "event: rollout\n", "generation-accepted"].allSatisfy(heard.contains) {
                    break
                }
            }
            #expect(applied)
        }
    }
}
