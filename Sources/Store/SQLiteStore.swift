import Foundation
import GRDB
import Synchronization
import WarrenFailpoints

/// A `Store` in one SQLite file: write-ahead log, flushed to the disk before a commit returns.
///
/// One process only: a watch sees the transactions of its own process.
public final class SQLiteStore: Store {
    private let pool: DatabasePool
    private let watchers = Mutex(Watchers())

    private struct Watchers {
        var next = 0
        var streams: [Int: (prefix: String, continuation: AsyncStream<StoreChange>.Continuation)] = [:]
    }

    /// Opens the file, making it if need be, and brings it to the present form.
    public init(path: String) throws(StoreError) {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        do {
            pool = try DatabasePool(ownersOnly: path, configuration: configuration)
            // After the pool is open: turning on the log, it sets its only writer to NORMAL, which flushes at checkpoints alone.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Self.migrations.migrate(pool)
        } catch {
            throw .failed(reason: "cannot open '\(path)': \(error)")
        }
    }

    private static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: entries") { database in
            try database.create(table: "entry", options: [.strict, .withoutRowID]) { table in
                table.primaryKey("key", .text).notNull()
                table.column("value", .blob).notNull()
                table.column("revision", .integer).notNull()
            }
            try database.create(table: "revision", options: [.strict]) { table in
                table.primaryKey("only", .integer).check { $0 == 1 }
                table.column("latest", .integer).notNull()
            }
            try database.execute(sql: "INSERT INTO revision (only, latest) VALUES (1, 0)")
        }
        return migrator
    }

    public func get(_ key: String) async throws(StoreError) -> StoredEntry? {
        try await perform { () async throws -> StoredEntry? in
            try await self.pool.read { database in
                try Row.fetchOne(database, sql: "SELECT key, value, revision FROM entry WHERE key = ?", arguments: [key])
                    .map(Self.entry)
            }
        }
    }

    public func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [StoredEntry] {
        try await perform { () async throws -> [StoredEntry] in
            try await self.pool.read { database in
                // Text compares by bytes in SQLite's default collation, so a prefix is a range; the greatest scalar ends it.
                let rows = try Row.fetchAll(
                    database,
                    sql: "SELECT key, value, revision FROM entry WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?",
                    arguments: [prefix, prefix + "\u{10FFFF}", after ?? "", limit])
                return rows.map(Self.entry)
            }
        }
    }

    @discardableResult
    public func commit(_ transaction: StoreTransaction) async throws(StoreError) -> StoreRevision {
        let revision = try await perform { () async throws -> StoreRevision in
            try await self.pool.write { database in try Self.apply(transaction, to: database) }
        }
        Failpoint.storeTransactionCommitted.pass()
        publish(StoreChange(revision: revision, keys: transaction.writes.keys.sorted()))
        return revision
    }

    private static func apply(_ transaction: StoreTransaction, to database: Database) throws -> StoreRevision {
        for (key, expected) in transaction.conditions {
            let found = try Int64.fetchOne(database, sql: "SELECT revision FROM entry WHERE key = ?", arguments: [key]) ?? 0
            guard found == expected.rawValue else { throw StoreError.conflict(key: key) }
        }
        Failpoint.storeTransactionBegun.pass()
        try database.execute(sql: "UPDATE revision SET latest = latest + 1")
        let revision = try Int64.fetchOne(database, sql: "SELECT latest FROM revision") ?? 0
        let put = try database.makeStatement(
            sql: """
                INSERT INTO entry (key, value, revision) VALUES (?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision
                """)
        let delete = try database.makeStatement(sql: "DELETE FROM entry WHERE key = ?")
        for (key, value) in transaction.writes {
            if let value {
                try put.execute(arguments: [key, Data(value), revision])
            } else {
                try delete.execute(arguments: [key])
            }
        }
        Failpoint.storeTransactionWritten.pass()
        return StoreRevision(rawValue: revision)
    }

    public func watch(prefix: String) -> AsyncStream<StoreChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: StoreChange.self, bufferingPolicy: .bufferingNewest(1024))
        let number = watchers.withLock { watchers in
            watchers.next += 1
            watchers.streams[watchers.next] = (prefix, continuation)
            return watchers.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.watchers.withLock { watchers in _ = watchers.streams.removeValue(forKey: number) }
        }
        return stream
    }

    private func publish(_ change: StoreChange) {
        let streams = watchers.withLock { Array($0.streams.values) }
        for (prefix, continuation) in streams {
            let keys = change.keys.filter { $0.hasPrefix(prefix) }
            if !keys.isEmpty { continuation.yield(StoreChange(revision: change.revision, keys: keys)) }
        }
    }

    private static func entry(_ row: Row) -> StoredEntry {
        let value: Data = row["value"]
        return StoredEntry(key: row["key"], value: Array(value), revision: StoreRevision(rawValue: row["revision"]))
    }

    private func perform<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws(StoreError) -> Value {
        do {
            return try await body()
        } catch let error as StoreError {
            throw error
        } catch {
            throw .failed(reason: "\(error)")
        }
    }
}
