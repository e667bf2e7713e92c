import Foundation
import Testing
import WarrenModel

@testable import WarrenStore

@Suite struct EventStoreTests {
    private func with(_ body: (MeshStore) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("we-\(UUID().uuidString)").path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        try await body(MeshStore(try SQLiteStore(path: path)))
    }

    @Test func queriesReachAcrossPages() async throws {
        let berlin = try #require(SiteName("berlin")), lima = try #require(SiteName("lima"))
        let link = try #require(LinkID(berlin, lima)), start = Date(timeIntervalSince1970: 1_000_000)
        try await with { store in
            let events = (1...1300).map { number -> EventRecord in
                let at = start + Double(number), isOfLink = number % 100 == 0
                return isOfLink
                    ? EventRecord(at: at, kind: .linkDown, link: link, text: "")
                    : EventRecord(at: at, kind: .applied, site: berlin, text: "")
            }
            #expect(try await store.append(events).last?.number == 1300)
            func numbers(_ query: EventQuery) async throws -> [UInt64] { try await store.events(query).map(\.number) }
            #expect(try await numbers(EventQuery(limit: 3)) == [1298, 1299, 1300])
            #expect(try await numbers(EventQuery(link: link, limit: 2)) == [1200, 1300])
            #expect(try await numbers(EventQuery(after: 0, link: link)).count == 13)
            #expect(try await numbers(EventQuery(after: 550, kind: .linkDown, limit: 2)) == [600, 700])
            #expect(try await numbers(EventQuery(site: lima)).count == 13)
            #expect(try await numbers(EventQuery(site: berlin, limit: 1000)).count == 1000)
            #expect(try await numbers(EventQuery(since: start + 1299)) == [1299, 1300])
            try await store.pruneEvents(before: start + 1250)
            #expect(try await numbers(EventQuery(after: 0)).first == 1250)
            #expect(try await store.append(EventRecord(at: start, kind: .applied, text: "")).number == 1301)
        }
    }

    @Test func atMostSoManyAreKept() async throws {
        try await with { store in
            for _ in 0..<21 {
                try await store.append((0..<1000).map { _ in EventRecord(at: .distantPast, kind: .applied, text: "") })
            }
            #expect(try await store.events(since: 0, limit: 1).first?.number == 1001)
        }
    }
}
