import Foundation
import Testing
import WarrenModel

@testable import WarrenStore

@Suite struct LinkHistoryTests {
    private static let day: Int64 = 86_400
    private let start: Int64 = 1_700_000_100 / 900 * 900

    private func with(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("wh-\(UUID().uuidString)").path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        try await body(path)
    }

    private func link(_ number: Int) -> LinkID {
        LinkID(SiteName("a")!, SiteName("b\(number)")!)!
    }

    @Test func stepsAreMeansAndTheWorst() async throws {
        try await with { path in
            let link = link(1)
            let history = try LinkHistory(path: path, retention: 60 * Self.day)
            for second in stride(from: Int64(0), to: 120, by: 10) {
                await history.add([
                    (
                        link,
                        LinkSample(
                            at: start + second + 3, severity: second == 70 ? 6 : 0,
                            roundTripMilliseconds: second == 70 ? nil : Double(second), lossPercent: 0,
                            receivedBitsPerSecond: 100, sentBitsPerSecond: 300)
                    )
                ])
            }
            let now = start + 130
            let raw = try await history.samples(of: link, since: start, step: 1, now: now)
            #expect(raw.stepSeconds == 10 && raw.samples.count == 12)
            #expect(
                raw.samples[1]
                    == LinkSample(
                        at: start + 10, severity: 0, roundTripMilliseconds: 10, lossPercent: 0, receivedBitsPerSecond: 100,
                        sentBitsPerSecond: 300))
            #expect(raw.samples[7].severity == 6 && raw.samples[7].roundTripMilliseconds == nil)
            let minutes = try await history.samples(of: link, since: start + 60, step: 11, now: now)
            #expect(minutes.stepSeconds == 60 && minutes.samples.map(\.at) == [start + 60])
            // 60, 80, 90, 100 and 110 ms; the step in which it was down has none.
            #expect(minutes.samples[0].roundTripMilliseconds == 88 && minutes.samples[0].severity == 6)
            let long = try await history.samples(of: link, since: now - 30 * Self.day, step: 1, now: now)
            #expect(long.stepSeconds == 900 && long.samples.count == 1)
            // On the disk, too.
            let again = try LinkHistory(path: path, retention: 60 * Self.day)
            #expect(try await again.samples(of: link, since: start, step: 1, now: now).samples.count == 12)
        }
    }

    @Test func eachTierKeepsItsTime() async throws {
        try await with { path in
            let link = link(1)
            let history = try LinkHistory(path: path, retention: 10 * Self.day)
            let ages: [Int64] = [11 * Self.day, 3 * Self.day, 10_000, 60]
            await history.add(ages.map { (link, LinkSample(at: start - $0, severity: 0)) })
            try await history.flush()
            try await history.prune(now: start)
            func count(_ since: Int64, _ step: Int64) async throws -> Int {
                try await history.samples(of: link, since: start - since, step: step, now: start).samples.count
            }
            #expect(try await count(7_200, 10) == 1)
            #expect(try await count(172_800, 60) == 2)
            #expect(try await count(10 * Self.day, 900) == 3)
            #expect(try await count(20 * Self.day, 900) == 3)
        }
    }

    @Test func theFileIsBoundedAndADamagedOneBegunAnew() async throws {
        try await with { path in
            let history = try LinkHistory(path: path, retention: 60 * Self.day, maximumBytes: 100_000)
            for round in 0..<60 {
                let samples = (0..<100).map { (link($0), LinkSample(at: start + Int64(round) * 10, severity: 0)) }
                await history.add(samples)
            }
            try await history.flush()
            try await history.prune(now: start + 600)
            let newest = try await history.samples(of: link(5), since: start, step: 1, now: start + 600).samples
            #expect(newest.last?.at == start + 590 && newest.count < 60)
            try Data(repeating: 7, count: 8192).write(to: URL(filePath: path + "x"))
            let anew = try LinkHistory(path: path + "x", retention: 60)
            #expect(try await anew.samples(of: link(1), since: start, step: 1, now: start).samples.isEmpty)
            for suffix in ["x", "x-wal", "x-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        }
    }

    @Test func aRoundIsBounded() async throws {
        try await with { path in
            let history = try LinkHistory(path: path, retention: 60)
            await history.add((0..<3_000).map { (link($0), LinkSample(at: start, severity: 0)) })
            #expect(try await history.samples(of: link(1_999), since: start, step: 1, now: start).samples.count == 1)
            #expect(try await history.samples(of: link(2_000), since: start, step: 1, now: start).samples.isEmpty)
        }
    }
}
