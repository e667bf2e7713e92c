import ESP
import Testing
import WarrenModel

@testable import PacketHarness
@testable import Tunnel

/// When a queue asks whether its packets arrive, and what it makes of the answers.
@Suite struct QueueProbeTests {
    private let addresses = AddressPair(local: EngineHarness.here, remote: EngineHarness.there)

    /// Every question until `end`, in seconds; those of `answered` are answered 50 ms later.
    private func questions(
        _ probe: inout QueueProbe, from start: Int = 0, until end: Int, answered: (Int) -> Bool = { _ in false }
    ) -> [Int] {
        var times: [Int] = [], asked: Int?
        for tick in start * 20..<end * 20 {
            let now = MonotonicTime(nanoseconds: UInt64(tick) * 50_000_000)
            if let last = asked, tick == last + 1, answered(last / 20) { probe.answered(now: now) }
            guard probe.ask(now: now) else { continue }
            asked = tick
            times.append(tick / 20)
        }
        return times
    }

    @Test func itAsksLessAndLessOften() {
        var probe = QueueProbe()
        #expect(questions(&probe, until: 10) == [])
        probe.follow(addresses, now: .init(nanoseconds: 0))
        #expect(questions(&probe, until: 3) == [0, 1, 2])
        #expect(!probe.isOpen && !probe.isGivenUp)
        #expect(questions(&probe, from: 3, until: 4) == [3])
        #expect(probe.isGivenUp && probe.isJustGivenUp)
        #expect(questions(&probe, from: 4, until: 260) == [5, 9, 17, 33, 65, 125, 185, 245])
        #expect(probe.isGivenUp && !probe.isJustGivenUp && !probe.isOpen)
    }

    @Test func anAnswerOpensIt() {
        var probe = QueueProbe()
        probe.follow(addresses, now: .init(nanoseconds: 0))
        #expect(questions(&probe, until: 45, answered: { _ in true }) == [0, 10, 20, 30, 40])
        #expect(probe.isOpen && !probe.isGivenUp)
    }

    @Test func itClosesWhenAnswersStayAway() {
        var probe = QueueProbe()
        probe.follow(addresses, now: .init(nanoseconds: 0))
        // One that is lost is asked again a second later.
        #expect(questions(&probe, until: 25, answered: { $0 != 10 && $0 != 11 }) == [0, 10, 11, 12, 22])
        #expect(probe.isOpen)
        #expect(questions(&probe, from: 25, until: 35) == [32, 33, 34])
        #expect(probe.isOpen)
        #expect(questions(&probe, from: 35, until: 36) == [35])
        #expect(!probe.isOpen && probe.isJustGivenUp)
        // And it opens again.
        #expect(questions(&probe, from: 36, until: 48, answered: { $0 == 37 }) == [37, 47])
        #expect(probe.isOpen)
    }

    @Test func ofOtherAddressesNothingIsKnown() {
        var probe = QueueProbe()
        let start = MonotonicTime(nanoseconds: 5_000_000_000)
        probe.answered(now: start)
        #expect(!probe.isOpen && probe.next == nil)
        probe.follow(addresses, now: start)
        #expect(probe.next == start)
        probe.answered(now: start)
        probe.follow(addresses, now: start + .seconds(3))
        #expect(probe.isOpen && probe.next == start + QueueProbe.interval)
        probe.follow(.init(local: EngineHarness.here, remote: EngineHarness.here), now: start + .seconds(4))
        #expect(!probe.isOpen && probe.next == start + .seconds(4))
        probe.follow(nil, now: start + .seconds(5))
        #expect(!probe.isOpen && probe.next == nil)
    }

    @Test(arguments: [ProbeMessage.question(SPI(rawValue: 0x1234_5678)), .answer(SPI(rawValue: 0xffff_fff9))])
    func messagesComeBackAsTheyWere(_ message: ProbeMessage) {
        var bytes = [UInt8](repeating: 0, count: ProbeMessage.length)
        bytes.withUnsafeMutableBytes { message.write(to: $0.baseAddress!) }
        bytes.withUnsafeBytes { bytes in
            #expect(ProbeMessage(bytes.baseAddress!, count: 8) == message)
            #expect(ProbeMessage(bytes.baseAddress!, count: 7) == nil)
            #expect(ProbeMessage(bytes.baseAddress! + 1, count: 7) == nil)
        }
        bytes[3] ^= 1
        #expect(bytes.withUnsafeBytes { ProbeMessage($0.baseAddress!, count: 8) } == nil)
    }

    private let spi = EngineHarness.association(.inbound).spi

    private static func payload(_ message: ProbeMessage) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: ProbeMessage.length)
        bytes.withUnsafeMutableBytes { message.write(to: $0.baseAddress!) }
        return bytes
    }

    private func sent(_ harness: EngineHarness) -> UInt64 {
        harness.engine.snapshot().associations.filter { $0.direction == .outbound }.map(\.packets).reduce(0, +)
    }

    @Test func aQuestionIsAnsweredAndAnAnswerOpensTheQueue() throws {
        let harness = try EngineHarness(queue: 1)
        let outbound = EngineHarness.association(.outbound)
        func receive(_ message: ProbeMessage) -> [DropReason] {
            let result = harness.receive(harness.seal(Self.payload(message), nextHeader: ESP.noNextHeader))
            #expect(result.written.isEmpty)
            return result.drops
        }
        // There is no SA to answer by, nor one that was asked by; but the peer uses its own.
        #expect(receive(.answer(outbound.spi)) == [])
        #expect(receive(.question(spi)) == [])
        #expect(receive(.question(spi)) == [])
        #expect(harness.events.take() == [.firstInbound(peer: EngineHarness.peer, spi: spi)])
        harness.obey(.addOutbound(outbound, .init()))
        harness.engine.probeQueues()
        #expect(sent(harness) == 1)
        // It can answer now: it is asked again, before a second has passed.
        #expect(receive(.question(spi)) == [])
        #expect(sent(harness) == 2)
        harness.engine.probeQueues()
        #expect(sent(harness) == 3)
        #expect(receive(.question(outbound.spi)) == [.dummy])
        #expect(receive(.answer(spi)) == [])
        #expect(sent(harness) == 3)
        #expect(harness.events.take() == [])
        #expect(receive(.answer(outbound.spi)) == [])
        #expect(harness.events.take() == [.queuePath(peer: EngineHarness.peer, queue: 1, isOpen: true)])
        #expect(receive(.answer(outbound.spi)) == [])
        #expect(harness.events.take() == [])
        // No packet of the inside: nothing that a dead-peer detection, or a limit of bytes, would count.
        #expect(harness.engine.snapshot().associations.allSatisfy { $0.bytes == 0 && $0.lastUsed == nil })
    }

    @Test func aQueueIsClosedWhenAnswersStayAway() throws {
        let harness = try EngineHarness(queue: 1)
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        for _ in 0..<2 {
            for _ in 0..<QueueProbe.patience {
                harness.engine.probeQueues()
                #expect(harness.events.take() == [])
                harness.engine.now = try #require(harness.engine.nextProbe)
            }
            harness.engine.probeQueues()
            #expect(harness.events.take() == [.queuePath(peer: EngineHarness.peer, queue: 1, isOpen: false)])
            let answer = Self.payload(.answer(EngineHarness.association(.outbound).spi))
            harness.receive(harness.seal(answer, nextHeader: ESP.noNextHeader))
            #expect(harness.events.take() == [.queuePath(peer: EngineHarness.peer, queue: 1, isOpen: true)])
            harness.engine.now = harness.engine.now + QueueProbe.interval
        }
        // Without an SA there is nothing to ask.
        harness.obey(.removeAll(EngineHarness.peer))
        harness.engine.probeQueues()
        #expect(harness.engine.nextProbe == nil)
    }

    @Test func theFirstQueueAsksNothing() throws {
        let harness = try EngineHarness()
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        #expect(harness.engine.nextProbe == nil)
        let question = harness.seal(Self.payload(.question(spi)), nextHeader: ESP.noNextHeader)
        #expect(harness.receive(question).drops == [.dummy])
        #expect(sent(harness) == 0)
    }
}
