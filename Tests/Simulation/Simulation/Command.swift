import Glibc
import WarrenFailpoints

/// `warren-simulate`: many seeds, or one with its story.
public struct Command {
    private let arguments: [String]

    public init(_ arguments: [String]) { self.arguments = arguments }

    public static let usage = """
        warren-simulate [--seeds=N] [--from=SEED] [--gateways=N] [--shape=ring|hubs|groups|fullMesh]
                        [--ike=model|engine] [--workers=N] [--trace] [--hash] [--points] [--no-shrinking] [--quiet]
        A mesh in simulated time, by seeds, of 5 to 50 gateways and of any shape unless told. --ike=engine lets links come
        about by the IKE engine's own messages over a network that loses, delays and repeats them, instead of a model of it;
        then there are 3 to 8 gateways unless told. --trace tells each seed's story; --hash prints what it comes to;
        --points names the points at which no program died. How far it is, is told on a terminal, unless --quiet.
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
        // One of them speaks for all.
        let children = (0..<workers).map { spawn(from: first + $0, until: end, step: workers, isQuiet: $0 > 0) }
        return children.reduce(0) { status, child in
            var ended: Int32 = 0
            guard child > 0, waitpid(child, &ended, 0) == child, ended == 0 else { return 1 }
            return status
        }
    }

    /// A process of its own for each worker's share of the seeds; not above zero when there is none.
    private func spawn(from first: UInt64, until end: UInt64, step: UInt64, isQuiet: Bool) -> pid_t {
        let kept = arguments.filter { !$0.hasPrefix("--workers") && !$0.hasPrefix("--from") }
        let share = ["--from=\(first)", "--step=\(step)", "--until=\(end)"] + (isQuiet ? ["--quiet"] : [])
        let words = ["warren-simulate"] + kept + share
        var vector: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        var child: pid_t = 0
        return posix_spawn(&child, "/proc/self/exe", nil, nil, &vector, environ) == 0 ? child : -1
    }

    private func play(_ seeds: StrideTo<UInt64>) -> Int32 {
        var broken = 0, played = 0, events = 0, seconds = 0.0
        var progress = Progress(
            of: Array(seeds).count, isShown: !arguments.contains { ["--quiet", "--trace", "--hash"].contains($0) })
        var missed = Set(Failpoint.allCases)
        for seed in seeds {
            let scenario = Scenario.random(
                seed: seed, gateways: value("gateways").map { Int($0) }, shape: shape, ike: ike)
            let simulation = Simulation(scenario, isTracing: arguments.contains("--trace"))
            progress.show(played)
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
            progress.clear()
            print("seed \(seed): \(violation)")
            if !arguments.contains("--no-shrinking") { print(Shrinking.shrink(scenario).story) }
        }
        progress.clear()
        if arguments.contains("--points") { print("nothing died at: \(missed.map(\.rawValue).sorted())") }
        print("\(played) seeds, \(events) events, \(Int(seconds / 3_600)) simulated hours, \(broken) broken")
        return broken == 0 ? 0 : 1
    }
}

/// How many of the seeds were played, on a terminal: once a second, in one line.
private struct Progress {
    private let total: Int
    private let isShown: Bool
    private var shownAt = 0

    init(of total: Int, isShown: Bool) {
        self.total = total
        self.isShown = isShown && total > 1 && isatty(STDERR_FILENO) == 1
    }

    mutating func show(_ played: Int) {
        let now = time(nil)
        guard isShown, now > shownAt else { return }
        shownAt = now
        write("\r\(100 * played / total) % of the seeds")
    }

    mutating func clear() {
        if shownAt > 0 { write("\r\u{1B}[K") }
        shownAt = 0
    }

    private func write(_ text: String) {
        var text = text
        _ = text.withUTF8 { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
