import AgentCore
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
        var random = SeededRandom(seed: seed)
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
}
