import Foundation
import SeededRandom
import WarrenInventory
import WarrenModel

/// A million prefixes, half of each family, in no order: which overlap? The peer is Python's `ipaddress` on the same file
/// with the same algorithm (sorted by number, then one pass with a stack); both must find as many pairs.
enum OverlapBenchmark {
    private static let count = 1_000_000

    private static let peer = """
        import sys, time, ipaddress
        lines = open(sys.argv[1]).read().split()
        start = time.perf_counter()
        networks = [ipaddress.ip_network(line) for line in lines]
        parsed = time.perf_counter()
        keyed = sorted((n.version, int(n.network_address), n.prefixlen, int(n.broadcast_address)) for n in networks)
        pairs, stack = 0, []
        for version, first, length, last in keyed:
            while stack and (stack[-1][0] != version or stack[-1][1] < first):
                stack.pop()
            pairs += len(stack)
            stack.append((version, last))
        found = time.perf_counter()
        print(parsed - start, found - parsed, pairs)
        """

    static func run() throws -> [BenchmarkResult] {
        let text = sample()
        let file = FileManager.default.temporaryDirectory.appending(path: "warren-overlaps-\(UUID().uuidString).txt")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }

        var prefixes: [IPPrefix] = []
        let parsing = medianSeconds(runs: 3) {
            prefixes = Array(text.utf8).split(separator: UInt8(ascii: "\n")).compactMap { IPPrefix(text: $0) }
        }
        var pairs = 0
        let finding = medianSeconds(runs: 5) { pairs = PrefixOverlaps(of: prefixes).pairs.count }
        let words = try runPeer(["python3", "-c", peer, file.path]).split { $0 == " " || $0 == "\n" }
        guard prefixes.count == count, words.count == 3, let peerParsing = Double(words[0]),
            let peerFinding = Double(words[1]), Int(words[2]) == pairs, pairs > 0
        else { throw BenchmarkError.wrongResult("\(pairs) overlaps of \(prefixes.count); the peer printed \(words)") }
        return [
            BenchmarkResult(
                name: "overlaps of 1,000,000 prefixes", unit: "ms", warren: finding * 1000, peer: peerFinding * 1000,
                peerName: "Python ipaddress, sorted sweep"),
            BenchmarkResult(
                name: "the same, read from text", unit: "ms", warren: (parsing + finding) * 1000,
                peer: (peerParsing + peerFinding) * 1000, peerName: "Python ipaddress, parsing and sorted sweep"),
        ]
    }

    /// Every prefix in a slot of its own, but each thousandth, which lies in the slot of the one before; shuffled.
    private static func sample() -> String {
        var random = SeededNumbers(seed: 4711)
        var lines: [String] = []
        for index in 0..<count {
            let slot = UInt32(index / 2 - (index / 2 % 1000 == 999 ? 1 : 0))
            let address: IPAddress
            let length: Int
            if index.isMultiple(of: 2) {
                address = IPAddress(v4: slot << 12 | UInt32(truncatingIfNeeded: random.next()) & 0xfff)
                length = slot == index / 2 ? 20 : Int.random(in: 21...32, using: &random)
            } else {
                let low = UInt128(random.next()) << 16 | UInt128(random.next() & 0xffff)
                address = IPAddress(v6: 0xfd << 120 | UInt128(slot) << 80 | low)
                length = slot == index / 2 ? 48 : Int.random(in: 49...128, using: &random)
            }
            lines.append(IPPrefix(containing: address, length: length)?.description ?? "")
        }
        return lines.shuffled(using: &random).joined(separator: "\n")
    }
}
