import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenStatus

/// Which links a roll-out takes for up.
@Suite struct LinkWatchTests {
    private let samples = LinkStatusTests()

    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: UInt64((100 + seconds) * 1e9)) }

    /// Both ends tell of SAs `number`.
    private func reports(_ number: UInt32) -> (AgentReport, AgentReport) {
        (
            samples.report(samples.a, samples.b, out: 1000 + number, in: 2000 + number),
            samples.report(samples.b, samples.a, out: 2000 + number, in: 1000 + number)
        )
    }

    private func standing() -> LinkWatch {
        var watch = LinkWatch()
        #expect(watch.take(reports(0).0, now: at(0)) == [])
        #expect(watch.take(reports(0).1, now: at(0.1)) == [LinkWatch.Turn(link: samples.link, isUp: true)])
        return watch
    }

    /// One end tells of a rekey before the other does.
    @Test func aRekeyIsNoOutage() {
        var watch = standing()
        #expect(watch.take(reports(1).0, now: at(3)) == [])
        #expect(watch.tick(now: at(3.5)).isEmpty)
        #expect(watch.take(reports(1).1, now: at(4)) == [])
        for second in 5...60 {
            let (first, other) = reports(1)
            #expect(watch.take(first, now: at(Double(second))) == [] && watch.take(other, now: at(Double(second))) == [])
            #expect(watch.tick(now: at(Double(second) + 0.5)).isEmpty)
        }
    }

    /// Ends that go on to name different SAs do not have the same, whatever their probes say.
    @Test(arguments: [false, true]) func aContradictionThatLastsIsAnOutage(isRepeated: Bool) {
        var watch = standing()
        var turns: [LinkWatch.Turn] = []
        for second in 3...12 {
            if second == 3 || isRepeated {
                turns += watch.take(reports(1).0, now: at(Double(second)))
                turns += watch.take(reports(0).1, now: at(Double(second) + 0.1))
            }
            turns += watch.tick(now: at(Double(second) + 0.2)).turns
            #expect(turns.isEmpty == (second < 7))
        }
        #expect(turns == [LinkWatch.Turn(link: samples.link, isUp: false)])
        #expect(watch.take(reports(1).1, now: at(12.5)) == [LinkWatch.Turn(link: samples.link, isUp: true)])
    }

    /// Who says nothing for ten seconds is told of once, until it is heard again.
    @Test func whoIsSilentIsToldOfOnce() {
        var watch = standing()
        #expect(watch.tick(now: at(9.9)).isEmpty)
        #expect(
            watch.tick(now: at(10))
                == LinkWatch.Lapse(turns: [LinkWatch.Turn(link: samples.link, isUp: false)], silent: [samples.a]))
        #expect(watch.tick(now: at(10.5)) == LinkWatch.Lapse(silent: [samples.b]))
        #expect(watch.tick(now: at(60)).isEmpty)
        #expect(watch.take(reports(0).0, now: at(61)) == [])
        #expect(watch.take(reports(0).1, now: at(62)) == [LinkWatch.Turn(link: samples.link, isUp: true)])
        #expect(watch.tick(now: at(70)).isEmpty)
        #expect(watch.tick(now: at(72)).silent == [samples.a, samples.b])
    }
}
