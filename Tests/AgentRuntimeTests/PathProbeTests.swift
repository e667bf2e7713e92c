import Testing
import WarrenModel

@testable import AgentRuntime

/// Echoes of many sizes over a path in simulated time.
@Suite struct PathProbeTests {
    /// A path that takes packets of up to `width` bytes.
    private struct Path {
        var width: Int
        var probe: PathProbe
        var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
        var isUp = true
        var lastAnswer: MonotonicTime?
        var sizes: [Int] = []

        init(width: Int, tunnelMTU: Int? = 1_400) {
            self.width = width
            probe = PathProbe(tunnelMTU: tunnelMTU, dueAt: now)
        }

        mutating func seconds(_ count: Int) {
            for _ in 0..<count * 10 {
                now = now + .milliseconds(100)
                if isUp { lastAnswer = now }
                while let size = probe.next(lastAnswer: lastAnswer, now: now) {
                    sizes.append(size)
                    if isUp, size <= width { probe.answered(size, now: now) }
                }
            }
        }
    }

    @Test func oneProbeEachHalfMinuteWhileAllIsWell() {
        var path = Path(width: 1_500)
        path.seconds(61)
        #expect(path.sizes == [1_400, 1_400, 1_400])
        #expect(path.probe.result == 1_400)
    }

    @Test(arguments: [577, 600, 999, 1_279, 1_280, 1_398]) func findsTheWidth(width: Int) throws {
        var path = Path(width: width)
        path.seconds(45)
        let result = try #require(path.probe.result)
        #expect((width - PathProbe.grain...width).contains(result))
        // No more than a probe a second.
        #expect(path.sizes.count <= 46)
    }

    @Test func aPathThatNarrowsAndWidensAgain() throws {
        var path = Path(width: 1_500)
        path.seconds(5)
        path.width = 1_300
        path.seconds(70)
        let narrow = try #require(path.probe.result)
        #expect((1_296...1_300).contains(narrow))
        path.width = 1_500
        path.seconds(70)
        #expect(path.probe.result == 1_400)
    }

    /// A link that is down says nothing of sizes, also when it goes down within a search.
    @Test func nothingIsLearnedOfALinkThatIsDown() {
        var path = Path(width: 1_500)
        path.seconds(5)
        path.isUp = false
        path.seconds(120)
        #expect(path.probe.result == 1_400)
        path.isUp = true
        path.seconds(5)
        #expect(path.probe.result == 1_400)
        var fresh = Path(width: 1_500)
        fresh.isUp = false
        fresh.seconds(60)
        #expect(fresh.sizes.isEmpty && fresh.probe.result == nil)
    }

    @Test func anotherTunnelMTUBeginsAnew() {
        var path = Path(width: 1_300)
        path.seconds(45)
        path.probe.tunnelMTU = 1_280
        #expect(path.probe.result == nil)
        path.seconds(3)
        #expect(path.probe.result == 1_280)
        var unknown = Path(width: 1_300, tunnelMTU: nil)
        unknown.seconds(40)
        #expect(unknown.sizes.isEmpty)
    }

    @Test func lossIsOfTheLastMinute() throws {
        var window = LossWindow(), now = MonotonicTime(nanoseconds: 1_000_000_000_000)
        #expect(window.lossPercent(now: now) == nil)
        for number in 1...100 as ClosedRange<UInt16> {
            now = now + .seconds(1)
            window.sent(number, at: now)
            // The first forty are answered, and then every other one.
            if number <= 40 || number % 2 == 0 { window.answered(number) }
        }
        // Of 41 to 100, and 99 is too young to be lost.
        let loss = try #require(window.lossPercent(now: now))
        #expect(abs(loss - 29 * 100 / 59.0) < 2)
        #expect(window.lossPercent(now: now + .seconds(100)) == nil)
    }
}
