import SeededRandom
import Testing
import WarrenInventory
import WarrenModel

@Suite struct PrefixOverlapsTests {
    /// Against the definition: every pair, compared bit by bit.
    @Test(arguments: 0..<30) func findsWhatComparingAllPairsFinds(seed: Int) {
        var random = SeededNumbers(seed: UInt64(seed) &* 7919 &+ 1)
        let prefixes = (0..<120).compactMap { _ -> IPPrefix? in
            let bits = UInt128(random.next() & 0x7)
            if Bool.random(using: &random) {
                return IPPrefix(containing: IPAddress(v4: UInt32(bits) << 29), length: Int.random(in: 0...5, using: &random))
            }
            return IPPrefix(
                containing: IPAddress(v6: bits << 125), length: [0, 1, 2, 3, 128].randomElement(using: &random) ?? 0)
        }
        var expected: Set<PrefixOverlaps.Pair> = []
        for a in prefixes.indices {
            for b in prefixes.indices where a != b && prefixes[a].contains(prefixes[b]) {
                if prefixes[a] != prefixes[b] || a < b { expected.insert(.init(wider: a, narrower: b)) }
            }
        }
        let found = PrefixOverlaps(of: prefixes).pairs
        #expect(Set(found) == expected)
        #expect(found.count == expected.count)
        #expect(PrefixOverlaps(of: prefixes, limit: 5).pairs.count == 5)
    }
}
