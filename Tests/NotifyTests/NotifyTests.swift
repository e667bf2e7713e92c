import AsyncHTTPClient
import Crypto
import Foundation
import Logging
import NIOCore
import Testing
import WarrenController
import WarrenInventory
import WarrenModel
import WarrenStore

@testable import WarrenNotify

@Suite struct DeliveryQueueTests {
    private let start = Date(timeIntervalSince1970: 1_700_000_000)

    private func event(_ number: UInt64, at date: Date? = nil) -> EventRecord {
        EventRecord(number: number, at: date ?? start, kind: .linkDown, text: "")
    }

    @Test func triesAgainLaterAndLater() {
        var queue = DeliveryQueue()
        queue.add([event(1), event(2)])
        var now = start, waits: [Double] = []
        for _ in 0..<11 {
            #expect(queue.next(now: now)?.number == 1)
            queue.fail(now: now, random: 1)
            var wait = 0.0
            while queue.next(now: now) == nil, wait < 400 {
                now += 1
                wait += 1
            }
            waits.append(wait)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
        queue.settle(event(1))
        #expect(queue.next(now: now)?.number == 2)
        queue.fail(now: now, random: 0)
        #expect(queue.next(now: now + 0.4) == nil && queue.next(now: now + 0.5)?.number == 2)
    }

    @Test func isBoundedInNumberAndAge() {
        var queue = DeliveryQueue()
        queue.add((1...1_005).map { event($0, at: start + Double($0)) })
        #expect(queue.next(now: start)?.number == 6 && queue.dropped == 5)
        #expect(queue.next(now: start + 3_616)?.number == 16 && queue.dropped == 15)
        #expect(queue.next(now: start + 9_000) == nil && queue.dropped == 1_005)
    }
}

@Suite struct WebhookTests {
    @Test(arguments: ["ftp://x/", "https://", "x", "", "file:///etc/passwd"]) func otherURLsAreNone(url: String) {
        #expect(Webhook(url: url, secret: nil) == nil)
    }

    /// The signature as a receiver works it out, with the vector of RFC 4231, 4.3 for the code itself.
    @Test func theSignatureIsOverTimeAndBody() throws {
        let key = Array("Jefe".utf8)
        let vector = HMAC<SHA256>.authenticationCode(
            for: Array("what do ya want for nothing?".utf8), using: SymmetricKey(data: key))
        #expect(vector.map { $0 }.prefix(4) == [0x5b, 0xdc, 0xc1, 0x46])
        let webhook = try #require(Webhook(url: "https://hooks.example/secret-path?token=1", secret: SecretBytes(key)))
        let event = EventRecord(number: 7, at: Date(), kind: .linkDown, text: "x")
        let request = webhook.request(Array("{}".utf8), of: event, at: Date(timeIntervalSince1970: 1_700_000_000.9))
        let code = HMAC<SHA256>.authenticationCode(for: Array("1700000000.{}".utf8), using: SymmetricKey(data: key))
        let text = code.map { String(format: "%02x", $0) }.joined()
        #expect(request.headers.first(name: "Warren-Signature") == "v1=" + text)
        #expect(request.headers.first(name: "Warren-Timestamp") == "1700000000")
        #expect(request.headers.first(name: "Warren-Event") == "link-down")
        #expect(webhook.name == "https://hooks.example")
        let plain = try #require(Webhook(url: "http://hooks.example:8080/", secret: nil))
        #expect(plain.request([], of: event, at: Date()).headers.first(name: "Warren-Signature") == nil)
        #expect(plain.name == "http://hooks.example:8080")
    }
}
