import Foundation
import FuzzTargets
import SeededRandom
import Testing

/// A few seconds of what `make fuzz` does at length: the seeds, what was found once, and simple changes to them. A finding
/// stops the test run.
@Suite struct FuzzSmokeTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func seeds() throws -> [[UInt8]] {
        try ["Inventory", "Inventory/rejected", "Tests/Fuzz/Pinned"].flatMap { folder in
            let place = root.appending(path: folder)
            return try FileManager.default.contentsOfDirectory(atPath: place.path).filter { $0.hasSuffix(".yaml") }.sorted()
                .map { try [UInt8](Data(contentsOf: place.appending(path: $0))) }
        }
    }

    @Test func everySeedAndEveryFormerFindingPasses() throws {
        let seeds = try Self.seeds()
        #expect(seeds.count >= 40)
        let planned = seeds.map { $0.withUnsafeBytes(FuzzTargets.inventory) }
        #expect(planned.contains { $0 > 2 } && planned.contains(0))
    }

    @Test func changedSeedsPass() throws {
        let seeds = try Self.seeds().filter { $0.count < 2000 }
        var random = SeededNumbers(seed: 7)
        var planned = 0
        for round in 0..<1500 {
            var text = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) { change(&text, with: seeds, &random) }
            planned += text.withUnsafeBytes(FuzzTargets.inventory) > 0 ? 1 : 0
        }
        #expect(planned > 20)
    }

    /// One of: another byte, a byte less, a piece of another seed, a piece twice.
    private func change(_ text: inout [UInt8], with seeds: [[UInt8]], _ random: inout SeededNumbers) {
        guard !text.isEmpty else { return }
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text[place] = UInt8.random(in: 0...255, using: &random)
        case 1: text.remove(at: place)
        case 2:
            let other = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            let start = Int.random(in: 0..<max(1, other.count), using: &random)
            text.insert(contentsOf: other[start..<min(other.count, start + 40)], at: place)
        default: text.insert(contentsOf: text[place..<min(text.count, place + 30)], at: place)
        }
    }
}
