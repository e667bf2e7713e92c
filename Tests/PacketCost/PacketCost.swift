import ESP
import Glibc
import Tunnel

/// Moves packets through one or two packet workers, without their threads, and tells what each packet took: nanoseconds here,
/// instructions and calls where valgrind counts them (`cost.py`).
///
///     warren-packet-cost SCENARIO ROUNDS [TUNNELS] [LIBRARY]
///
/// A round is one load of the scenario for one tunnel, the tunnels in turns.
@main
enum PacketCost {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let library = arguments.lazy.compactMap(CipherLibrary.init(rawValue:)).first ?? .auto
        let words = arguments.filter { CipherLibrary(rawValue: $0) == nil }
        guard let scenario = words.first.flatMap(Scenario.init(rawValue:)),
            let rounds = words.dropFirst().first.flatMap({ Int($0) })
        else {
            let names = Scenario.allCases.map(\.rawValue).joined(separator: "|")
            let libraries = CipherLibrary.allCases.map(\.rawValue).joined(separator: "|")
            throw CostError("usage: warren-packet-cost \(names) ROUNDS [TUNNELS] [\(libraries)]")
        }
        let tunnels = words.dropFirst(2).first.flatMap { Int($0) } ?? 1
        let idle = residentBytes()
        let link = try MeasuredLink(tunnels: tunnels, library: library)
        let standing = residentBytes()
        let load = scenario.load
        // Once through every tunnel: what is made at the first packet is made.
        for tunnel in 0..<tunnels { try link.carry(load, tunnel: tunnel, arriving: scenario.arrives) }
        let start = ContinuousClock.now
        for round in 0..<rounds { try link.carry(load, tunnel: round % tunnels, arriving: scenario.arrives) }
        let (seconds, fraction) = (ContinuousClock.now - start).components
        let packets = rounds * load.segments
        let nanoseconds = (Double(seconds) * 1e9 + Double(fraction) / 1e9) / Double(max(packets, 1))
        try link.check(packets: (rounds + tunnels) * load.segments, arriving: scenario.arrives)
        print(
            "packets=\(packets) nanoseconds=\(Int(nanoseconds.rounded())) "
                + "bytes-per-tunnel=\((standing - idle) / tunnels)")
    }

    /// What of the process is in memory.
    private static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * Int(getpagesize()) : 0
    }
}

/// What is carried, and whether it also arrives or only leaves.
enum Scenario: String, CaseIterable {
    case sendBulk = "send-bulk"
    case carryBulk = "carry-bulk"
    case sendSmall = "send-small"
    case carrySmall = "carry-small"

    var arrives: Bool { self == .carryBulk || self == .carrySmall }

    var load: Load {
        switch self {
        case .sendBulk, .carryBulk: .superPacket(segments: 46, payload: 1348)
        case .sendSmall, .carrySmall: .datagrams(count: 8, payload: 64)
        }
    }
}

struct CostError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
