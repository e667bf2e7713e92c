import Testing
import WarrenModel

@testable import AgentRuntime

struct ProberTests {
    private static let peer = SiteName("tokyo")!
    private static func loopback(_ address: String) -> ProbeTarget {
        let address = IPAddress(address)!
        return ProbeTarget(peer: peer, interface: "lo", addresses: .init(local: address, remote: address))
    }

    /// Waits for at most five seconds.
    private func eventually(_ condition: () -> Bool) async throws -> Bool {
        for _ in 0..<500 {
            if condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func hearsTheLoopback(address: String) async throws {
        let prober = try Prober(interval: .milliseconds(20))
        prober.start()
        defer { prober.stop() }
        prober.setTargets([Self.loopback(address)])
        #expect(try await eventually { (prober.reports().first?.answered ?? 0) >= 3 })
        let report = try #require(prober.reports().first)
        #expect(report.peer == Self.peer && report.answered <= report.sent)
        #expect(try #require(report.roundTripMilliseconds) < 1_000)
        #expect(try #require(report.lastAnswerSecondsAgo) < 5)
        prober.setTargets([])
        #expect(prober.reports() == [])
    }

    /// The loopback takes what it is asked to take, and nothing larger than its MTU.
    @Test(arguments: ["127.0.0.1", "::1"]) func largePacketsPassToo(address: String) async throws {
        let prober = try Prober(interval: .milliseconds(100))
        prober.start()
        defer { prober.stop() }
        let one = IPAddress(address)!
        prober.setTargets([
            .init(peer: Self.peer, interface: "lo", addresses: .init(local: one, remote: one), mtu: 9_000)
        ])
        #expect(try await eventually { prober.reports().first?.pathMTU == 9_000 })
        #expect(prober.reports().first?.lossPercent == 0)
    }

    @Test func servesAHundredTargets() async throws {
        let prober = try Prober(interval: .milliseconds(200))
        prober.start()
        defer { prober.stop() }
        prober.setTargets(
            (1...100).map { number in
                let address = IPAddress("127.0.1.\(number)")!
                return ProbeTarget(
                    peer: SiteName("site\(number)")!, interface: "lo", addresses: .init(local: address, remote: address))
            })
        #expect(try await eventually { prober.reports().allSatisfy { $0.answered >= 2 } })
        #expect(prober.reports().count == 100)
    }

    @Test func surviveAnInterfaceThatIsNotThere() async throws {
        let prober = try Prober(interval: .milliseconds(10))
        prober.start()
        defer { prober.stop() }
        let address = IPAddress("127.0.0.1")!
        prober.setTargets([.init(peer: Self.peer, interface: "gif250", addresses: .init(local: address, remote: address))])
        #expect(try await eventually { (prober.reports().first?.sent ?? 0) >= 5 })
        let report = try #require(prober.reports().first)
        #expect(report.answered == 0 && report.lastAnswerSecondsAgo == nil)
    }

    @Test func takesOnlyTheAnswerToItsQuestion() throws {
        let target = Self.loopback("127.0.0.1"), now = MonotonicTime(nanoseconds: 5_000_000_000)
        var ledger = ProbeLedger(target: target, identifier: 7, dueAt: now)
        let probe = ledger.next(nonce: 99, interval: .seconds(1), now: now)
        let echo = try #require(probe).echo
        let here = target.addresses.remote
        var wrong = echo
        wrong.nonce = 98
        ledger.accept(wrong, from: here, now: now)
        wrong = echo
        wrong.identifier = 8
        ledger.accept(wrong, from: here, now: now)
        ledger.accept(echo, from: IPAddress("127.0.0.2")!, now: now)
        #expect(ledger.answered == 0)
        ledger.accept(echo, from: here, now: now + .milliseconds(12))
        ledger.accept(echo, from: here, now: now + .milliseconds(13))
        let report = ledger.report(now: now + .milliseconds(512))
        #expect(report.answered == 1 && report.sent == 1)
        #expect(report.roundTripMilliseconds == 12 && report.lastAnswerSecondsAgo == 0.5)
    }

    @Test func forgetsQuestionsOfLongAgo() throws {
        let target = Self.loopback("127.0.0.1"), now = MonotonicTime(nanoseconds: 5_000_000_000)
        var ledger = ProbeLedger(target: target, identifier: 7, dueAt: now)
        let probe = ledger.next(nonce: 1, interval: .seconds(1), now: now)
        let first = try #require(probe).echo
        for nonce in 2...9 as ClosedRange<UInt64> {
            _ = ledger.next(nonce: nonce, interval: .seconds(1), now: now + .seconds(Int64(nonce)))
        }
        ledger.accept(first, from: target.addresses.remote, now: now)
        #expect(ledger.answered == 0)
    }
}

struct ICMPEchoTests {
    private let echo = ICMPEcho(identifier: 0x1234, sequence: 0xFFFE, nonce: 0x0102_0304_0506_0708)

    /// Worked out by hand from RFC 792 and RFC 1071.
    @Test func writesTheRequest() {
        #expect(
            echo.request(.ipv4) == [8, 0, 0xD5, 0xB8, 0x12, 0x34, 0xFF, 0xFE, 1, 2, 3, 4, 5, 6, 7, 8])
        #expect(echo.request(.ipv6).prefix(4) == [128, 0, 0, 0])
    }

    private var reply: [UInt8] {
        // A reply's type is 0 instead of 8, so that its checksum is 0x0800 more.
        [0x45] + Array(repeating: 0, count: 19) + [0, 0, 0xDD, 0xB8] + echo.request(.ipv4).dropFirst(4)
    }

    @Test func readsTheReply() {
        #expect(ICMPEcho(reply: reply[...], .ipv4) == echo)
        #expect(ICMPEcho(reply: ([129, 0, 9, 9] + echo.request(.ipv6).dropFirst(4))[...], .ipv6) == echo)
        let options = [0x46] + Array(repeating: UInt8(0), count: 23) + reply.dropFirst(20)
        #expect(ICMPEcho(reply: options[...], .ipv4) == echo)
    }

    @Test func refusesWhatIsNotAReply() {
        for length in reply.indices { #expect(ICMPEcho(reply: reply[..<length], .ipv4) == nil) }
        for place in [0, 20, 21, 22, 24, 35] {
            var bad = reply
            bad[place] ^= 0x0F
            #expect(ICMPEcho(reply: bad[...], .ipv4) == nil)
        }
        // As large as was asked for, with what was in it.
        #expect(ICMPEcho(reply: (reply + [0, 0, 0])[...], .ipv4) == echo)
        #expect(ICMPEcho(reply: (reply + [1])[...], .ipv4) == nil)
        #expect(echo.request(.ipv4, packetSize: 1_400).count == 1_380)
        #expect(echo.request(.ipv6, packetSize: 1_400).count == 1_360)
        #expect(ICMPEcho(reply: echo.request(.ipv6)[...], .ipv6) == nil)
    }

    @Test func neverTrapsOnNoise() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let noise = (0..<Int.random(in: 0...64)).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(ICMPEcho(reply: noise[...], .ipv4) == nil || noise.count >= 36)
            _ = ICMPEcho(reply: noise[...], .ipv6)
        }
    }
}
