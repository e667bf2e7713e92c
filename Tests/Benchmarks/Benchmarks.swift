import Foundation

/// Measures Warren against a peer in the same run and prints ratios. Times on a shared machine vary; ratios vary less.
///
/// Each line: what was measured, Warren's median, the peer's median, and peer ÷ Warren (above 1: Warren is faster).
@main
enum Benchmarks {
    static func main() throws {
        print("benchmark                                       warren        peer   peer/warren  peer is")
        try report(ESPBenchmark.run())
        try report(InventoryBenchmark.run())
        try report(PlanBenchmark.run())
        try report(ChangeBenchmark.run())
        try report(OverlapBenchmark.run())
        try report(StatusBenchmark.run())
    }

    private static func report(_ results: [BenchmarkResult]) {
        for result in results { print(result.line) }
    }
}

/// One comparison; times in the unit that `unit` names.
struct BenchmarkResult {
    let name: String
    let unit: String
    let warren: Double
    let peer: Double
    let peerName: String

    var line: String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count)) + text
        }
        func number(_ value: Double) -> String { String(format: "%.1f %@", value, unit) }
        let label = name + String(repeating: " ", count: max(1, 43 - name.count))
        return label + padded(number(warren), 12) + padded(number(peer), 12) + padded(String(format: "%.2f", peer / warren), 12)
            + "   " + peerName
    }
}

/// The median over `runs` of the seconds that `body` takes.
func medianSeconds(runs: Int, _ body: () throws -> Void) rethrows -> Double {
    var seconds: [Double] = []
    for _ in 0..<runs {
        let start = ContinuousClock.now
        try body()
        let (whole, fraction) = (ContinuousClock.now - start).components
        seconds.append(Double(whole) + Double(fraction) / 1e18)
    }
    return seconds.sorted()[runs / 2]
}

/// Runs a peer and returns what it prints on its standard output.
func runPeer(_ arguments: [String], input: String? = nil) throws -> String {
    let process = Process(), output = Pipe(), standardInput = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = standardInput
    try process.run()
    if let input { try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try standardInput.fileHandleForWriting.close()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw BenchmarkError.peerFailed(arguments.joined(separator: " ")) }
    return String(decoding: data, as: UTF8.self)
}

enum BenchmarkError: Error {
    case peerFailed(String)
    case wrongResult(String)
}
