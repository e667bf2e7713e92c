import AgentCore
import SeededRandom
import Testing

struct BackoffTests {
    @Test func doublesUpToTheCap() {
        var backoff = Backoff()
        let waits = (0..<8).map { _ in backoff.next(fraction: 1) }
        #expect(
            waits == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8)]
                + Array(repeating: .seconds(10), count: 3))
        backoff.reset()
        #expect(backoff.next(fraction: 1) == .milliseconds(500))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func staysWithinItsCeiling(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var backoff = Backoff()
        for _ in 0..<100 {
            let ceiling = backoff.ceiling
            let wait = backoff.next(fraction: Double.random(in: 0...1, using: &random))
            #expect(wait >= .zero && wait <= ceiling && ceiling <= .seconds(10))
        }
    }

    @Test(arguments: [-1, 2, Double.nan, .infinity])
    func bringsAnyFractionIntoBounds(fraction: Double) {
        var backoff = Backoff()
        #expect((Duration.zero...Duration.milliseconds(500)).contains(backoff.next(fraction: fraction)))
    }

    /// A controller restarts under a thousand agents and is away for `outage` seconds: no short time sees many of them come.
    @Test(arguments: [1, 20, 300] as [Double], [1, 2] as [UInt64])
    func aFleetDoesNotComeBackInOneBurst(outage: Double, seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let agents = 1000, slice = 0.1
        var arrivals: [Int: Int] = [:], last = 0.0, attempts = 0
        for _ in 0..<agents {
            var backoff = Backoff(), now = 0.0
            repeat {
                let wait = backoff.next(fraction: Double.random(in: 0...1, using: &random)).components
                now += Double(wait.seconds) + Double(wait.attoseconds) / 1e18
                attempts += 1
            } while now < outage
            arrivals[Int((now - outage) / slice), default: 0] += 1
            last = max(last, now - outage)
        }
        // Back within the cap, all of them; and spread: the fullest tenth of a second has not many times its share.
        #expect(last <= 10)
        let width = min(outage, 10)
        let fullest = Double(arrivals.values.max() ?? 0)
        #expect(fullest <= 4 * Double(agents) * slice / width, "\(fullest) of \(agents) within \(slice) s")
        #expect(arrivals.count >= Int(width / slice / 2))
        // An agent that waits for long asks seldom: every five seconds on average, and a few times at first.
        #expect(Double(attempts) / Double(agents) <= 8 + outage / 4)
    }
}
