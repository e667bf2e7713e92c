/// Makes a story that breaks a rule as short as can be.
public enum Shrinking {
    public struct Outcome {
        public let scenario: Scenario
        public let violation: String?
        /// The seed, what is left of what happened, and the last lines of the story.
        public let story: String
    }

    /// Drops what happens, one half first, then ever fewer, and keeps what still breaks a rule; at most `tries` runs.
    public static func shrink(_ scenario: Scenario, tries: Int = 200) -> Outcome {
        var best = scenario, left = tries
        var size = max(1, best.items.count / 2)
        while left > 0, !best.items.isEmpty {
            var start = 0, isShorter = false
            while start < best.items.count, left > 0 {
                var candidate = best
                candidate.items.removeSubrange(start..<min(start + size, candidate.items.count))
                left -= 1
                if isBroken(candidate) {
                    best = candidate
                    isShorter = true
                } else {
                    start += size
                }
            }
            if size == 1, !isShorter { break }
            size = max(1, size / 2)
        }
        let simulation = Simulation(best, isTracing: true)
        simulation.play()
        let lines =
            [
                "seed \(best.seed), \(best.gateways) gateways, \(best.shape.rawValue), IKE: \(best.ike.rawValue)\(best.childLifetime.map { ", \($0) s" } ?? "")"
            ]
            + best.items.map { "  \($0)" }
            + ["..."] + simulation.trace.suffix(40)
        return Outcome(scenario: best, violation: simulation.violation, story: lines.joined(separator: "\n"))
    }

    private static func isBroken(_ scenario: Scenario) -> Bool {
        let simulation = Simulation(scenario)
        simulation.play()
        return simulation.violation != nil
    }
}
