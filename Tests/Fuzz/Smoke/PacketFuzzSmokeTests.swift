import Foundation
import PacketFuzzTargets
import SeededRandom
import Testing

/// A moment of what `make fuzz TARGET=…` does at length: what was found once, and random stories. A finding stops the test run.
@Suite struct PacketFuzzSmokeTests {
    private static let pinned = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Pinned")

    @Test func everyFormerFindingPasses() throws {
        for (name, target) in PacketFuzzTargets.all {
            let folder = Self.pinned.appending(path: name)
            for file in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
                _ = try [UInt8](Data(contentsOf: folder.appending(path: file))).withUnsafeBytes(target)
            }
        }
    }

    @Test(arguments: [("outer", 300), ("inner", 300), ("segments", 400), ("joins", 300)])
    func randomStoriesPass(name: String, rounds: Int) throws {
        let target = try #require(PacketFuzzTargets.all[name])
        var random = SeededNumbers(seed: 11), passed = 0
        for _ in 0..<rounds {
            // Mostly small numbers: those are choices, and a story of random bytes spoils every packet.
            let story = (0..<Int.random(in: 0...600, using: &random)).map { _ in
                Bool.random(using: &random) ? UInt8.random(in: 0...4, using: &random) : .random(in: 0...255, using: &random)
            }
            passed += story.withUnsafeBytes(target)
        }
        #expect(passed > 100)
    }
}
