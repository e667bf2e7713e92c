/// `warren-simulate`: many seeds, or one with its story.
public struct Command {
    private let arguments: [String]

    public init(_ arguments: [String]) { self.arguments = arguments }

    private func value(_ name: String) -> String? {
        arguments.first { $0.hasPrefix("--\(name)=") }.map { String($0.dropFirst(name.count + 3)) }
    }

    public static let usage = """
        warren-simulate [--seeds=N] [--from=SEED] [--gateways=N] [--workers=N] [--trace] [--hash] [--no-shrinking]
        A mesh in simulated time, by seeds. --trace tells the story of the first seed; --hash prints a line for each.
        """

    /// The exit status: 1 when a rule was broken.
    public func run() -> Int32 {
        if arguments.contains("--help") {
            print(Self.usage)
            return 0
        }
        let first = value("from").flatMap { UInt64($0) } ?? 1, count = value("seeds").flatMap { UInt64($0) } ?? 1
        let gateways = value("gateways").flatMap { Int($0) }
        var broken = 0
        for seed in first..<first + count {
            let scenario = Scenario.random(seed: seed, gateways: gateways)
            let simulation = Simulation(scenario, isTracing: arguments.contains("--trace"))
            simulation.play()
            for line in simulation.trace { print(line) }
            if arguments.contains("--hash") {
                print("seed \(seed) \(String(simulation.hash, radix: 16)) \(simulation.eventCount)")
            }
            guard let violation = simulation.violation else { continue }
            broken += 1
            print("seed \(seed): \(violation)")
        }
        print("\(count) seeds, \(broken) broken")
        return broken == 0 ? 0 : 1
    }
}
