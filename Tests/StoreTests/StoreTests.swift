import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenStore

/// A folder of its own that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("warren-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var database: String { path + "/store.sqlite" }
}

@Suite struct SQLiteStoreTests {
    let folder: TemporaryFolder
    let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore(path: folder.database)
    }

    private func put(_ pairs: [String: [UInt8]]) async throws -> StoreRevision {
        var transaction = StoreTransaction()
        for (key, value) in pairs { transaction.put(key, value) }
        return try await store.commit(transaction)
    }

    @Test func revisionsGrowAndMarkTheirEntries() async throws {
        let first = try await put(["a": [1], "b": [2]]), second = try await put(["b": [3]])
        #expect(first < second)
        #expect(try await store.get("a") == StoredEntry(key: "a", value: [1], revision: first))
        #expect(try await store.get("b") == StoredEntry(key: "b", value: [3], revision: second))
        #expect(try await store.get("c") == nil)
    }

    @Test func listsAPrefixInOrder() async throws {
        _ = try await put(["site/b": [2], "site/a": [1], "site/é": [4], "site/c": [], "sitf": [9], "sit": [9]])
        #expect(try await store.list(prefix: "site/").map(\.key) == ["site/a", "site/b", "site/c", "site/é"])
        #expect(try await store.list(prefix: "site/", after: "site/a", limit: 2).map(\.key) == ["site/b", "site/c"])
    }

    @Test func aFailedConditionChangesNothing() async throws {
        let revision = try await put(["a": [1]])
        var stale = StoreTransaction()
        stale.require("a", at: StoreRevision(rawValue: revision.rawValue + 1))
        stale.put("b", [2])
        await #expect(throws: StoreError.self) { try await store.commit(stale) }
        var absent = StoreTransaction()
        absent.require("a", at: .absent)
        absent.delete("a")
        await #expect(throws: StoreError.self) { try await store.commit(absent) }
        #expect(try await store.get("b") == nil)
        #expect(try await store.get("a")?.value == [1])
    }

    @Test func ofManyThatSwapOneWins() async throws {
        let revision = try await put(["a": [0]])
        let shared = store
        let winners = await withTaskGroup(of: Bool.self) { group in
            for number in 1...20 {
                group.addTask {
                    var transaction = StoreTransaction()
                    transaction.require("a", at: revision)
                    transaction.put("a", [UInt8(number)])
                    return (try? await shared.commit(transaction)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test func watchersHearOfTheirPrefix() async throws {
        let changes = store.watch(prefix: "site/")
        _ = try await put(["other": [1]])
        let revision = try await put(["site/x": [1], "other": [2]])
        var iterator = changes.makeAsyncIterator()
        #expect(await iterator.next() == StoreChange(revision: revision, keys: ["site/x"]))
    }

    /// What was committed is there for whoever opens a copy of the files as a crash would leave them: no clean close.
    @Test func survivesACrash() async throws {
        let revision = try await put(["a": [1, 2, 3]])
        let crashed = try TemporaryFolder()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: folder.database + suffix, toPath: crashed.database + suffix)
        }
        let reopened = try SQLiteStore(path: crashed.database)
        #expect(try await reopened.get("a") == StoredEntry(key: "a", value: [1, 2, 3], revision: revision))
        var next = StoreTransaction()
        next.put("b", [])
        #expect(try await reopened.commit(next) > revision)
    }

    @Test func refusesAFileThatIsNoDatabase() throws {
        let path = folder.path + "/no.sqlite"
        try Data(repeating: 65, count: 5000).write(to: URL(fileURLWithPath: path))
        #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
    }
}
