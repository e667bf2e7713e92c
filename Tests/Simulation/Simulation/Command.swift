import Glibc
import WarrenFailpoints

/// `warren-simulate`: many seeds, or one with its story.
public struct Command {
    private let arguments: [String]

    public init(_ arguments: [String]) { self.arguments = arguments }

    public static let usage = """
        warren-simulate [--seeds=N] [--from=SEED] [--gateways=N] [--shape=ring|hubs|groups|fullMesh]
                        [--ike=model|engine] [--workers=N] [--trace] [--hash] [--points] [--no-shrinking]
        A mesh in simulated time, by seeds, of 5 to 50 gateways and of any shape unless told. --ike=engine lets links come
        about by the IKE engine's own messages over a network that loses, delays and repeats them, instead of a model of it;
        then there are 3 to 8 gateways unless told. --trace tells each seed's story; --hash prints what it comes to;
        --points names the points at which no program died.
        """

    private func text(_ name: String) -> String? {
        arguments.first { $0.hasPrefix("--\(name)=") }.map { String($0.dropFirst(name.count + 3)) }
    }

    private func value(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0) } }

    private var shape: Scenario.Shape? { text("shape").flatMap { Scenario.Shape(rawValue: $0) } }

    private var ike: Scenario.IKE { text("ike").flatMap { Scenario.IKE(rawValue: $0) } ?? .model }

    /// The exit status: 1 when a rule was broken.
    public func run() -> Int32 {
        guard !arguments.contains("--help") else {
            print(Self.usage)
            return 0
        }
        let first = value("from") ?? 1, end = value("until") ?? first + (value("seeds") ?? 1)
        let workers = max(1, value("workers") ?? 1)
        guard workers > 1 else { return play(stride(from: first, to: end, by: Int(value("step") ?? 1))) }
        let children = (0..<workers).map { spawn(from: first + $0, until: end, step: workers) }
        return children.reduce(0) { status, child in
            var ended: Int32 = 0
            guard child > 0, waitpid(child, &ended, 0) == child, ended == 0 else { return 1 }
            return status
        }
    }

    /// A process of its own for each worker's share of the seeds; not above zero when there is none.
    private func spawn(from first: UInt64, until end: UInt64, step: UInt64) -> pid_t {
        let kept = arguments.filter { !$0.hasPrefix("--workers") && !$0.hasPrefix("--from") }
        let words = ["warren-simulate"] + kept + ["--from=\(first)", "--step=\(step)", "--until=\(end)"]
        var vector: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        var child: pid_t = 0
        return posix_spawn(&child, "/proc/self/exe", nil, nil, &vector, environ) == 0 ? child : -1
    }

    private func play(_ seeds: StrideTo<UInt64>) -> Int32 {
        var broken = 0, played = 0, events = 0, seconds = 0.0
        var missed = Set(Failpoint.allCases)
        for seed in seeds {
            let scenario = Scenario.random(
                seed: seed, gateways: value("gateways").map { Int($0) }, shape: shape, ike: ike)
            let simulation = Simulation(scenario, isTracing: arguments.contains("--trace"))
            simulation.play()
            played += 1
            events += simulation.eventCount
            seconds += simulation.figures.simulatedSeconds
            missed.subtract(simulation.deathPoints)
            for line in simulation.trace { print(line) }
            if arguments.contains("--hash") {
                print("seed \(seed) \(String(simulation.hash, radix: 16)) \(simulation.eventCount)")
            }
            guard let violation = simulation.violation else { continue }
            broken += 1
            print("seed \(seed): \(violation)")
            if !arguments.contains("--no-shrinking") { print(Shrinking.shrink(scenario).story) }
        }
        if arguments.contains("--points") { print("nothing died at: \(missed.map(\.rawValue).sorted())") }
        print("\(played) seeds, \(events) events, \(Int(seconds / 3_600)) simulated hours, \(broken) broken")
        return broken == 0 ? 0 : 1
    }
}
