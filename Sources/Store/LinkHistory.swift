import Foundation
import GRDB
import WarrenModel

/// Samples of links in an SQLite file of its own: what was measured is local to one controller, worth no backup and no flush to
/// the disk. Samples gather in memory and are written once a minute.
///
/// Bounded: each round brings at most `roundLimit` links, a tier keeps what its time allows, and when the file is still larger
/// than `maximumBytes`, the oldest of all goes first.
public actor LinkHistory {
    /// The most links of which one round of samples is taken.
    public static let roundLimit = 2_000
    public static let maximumBytes: Int64 = 512 << 20

    public nonisolated let tiers: [HistoryTier]
    private let pool: DatabasePool
    private let maximumBytes: Int64
    private var pending: [LinkID: [LinkSample]] = [:]
    private var series: [LinkID: Int64] = [:]

    /// Opens the file, making it if need be. One that is damaged, or of another form, is begun anew.
    public init(path: String, retention: Int64, maximumBytes: Int64 = LinkHistory.maximumBytes) throws(StoreError) {
        tiers = HistoryTier.tiers(retention: retention)
        self.maximumBytes = maximumBytes
        do {
            pool = try Self.open(path)
        } catch {
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            do { pool = try Self.open(path) } catch { throw .failed(reason: "cannot open '\(path)': \(error)") }
        }
    }

    private static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let pool = try DatabasePool(ownersOnly: path, configuration: configuration)
        try pool.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, link TEXT NOT NULL UNIQUE) STRICT;
                    CREATE TABLE IF NOT EXISTS sample (
                        series INTEGER NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL, severity INTEGER NOT NULL,
                        rtt REAL, rtts INTEGER NOT NULL, loss REAL, losses INTEGER NOT NULL,
                        received REAL, sent REAL, rates INTEGER NOT NULL,
                        PRIMARY KEY (series, step, at)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        return pool
    }

    /// Takes one round; written with the next `flush`.
    public func add(_ samples: [(link: LinkID, sample: LinkSample)]) {
        for (link, sample) in samples.prefix(Self.roundLimit) { pending[link, default: []].append(sample) }
    }

    /// Writes what was added; each sample counts in every tier.
    public func flush() throws(StoreError) { try write(Array(pending.keys)) }

    private func write(_ links: [LinkID]) throws(StoreError) {
        let due = links.compactMap { link in pending[link].map { (link, $0) } }
        guard !due.isEmpty else { return }
        do {
            let (known, steps) = (series, tiers.map(\.stepSeconds))
            let made = try pool.write { database in
                try Self.insert(due, steps: steps, known: known, into: database)
            }
            series.merge(made) { $1 }
            for (link, _) in due { pending[link] = nil }
        } catch {
            // What cannot be written is not kept for ever.
            for (link, samples) in due { pending[link] = samples.suffix(60) }
            throw .failed(reason: "samples cannot be written: \(error)")
        }
    }

    private static func insert(
        _ due: [(LinkID, [LinkSample])], steps: [Int64], known: [LinkID: Int64], into database: Database
    ) throws -> [LinkID: Int64] {
        var made: [LinkID: Int64] = [:]
        let insertion = try database.makeStatement(
            sql: """
                INSERT INTO sample (series, step, at, severity, rtt, rtts, loss, losses, received, sent, rates)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (series, step, at) DO UPDATE SET
                    severity = MAX(severity, excluded.severity),
                    rtt = COALESCE(rtt, 0) + COALESCE(excluded.rtt, 0), rtts = rtts + excluded.rtts,
                    loss = COALESCE(loss, 0) + COALESCE(excluded.loss, 0), losses = losses + excluded.losses,
                    received = COALESCE(received, 0) + COALESCE(excluded.received, 0),
                    sent = COALESCE(sent, 0) + COALESCE(excluded.sent, 0), rates = rates + excluded.rates
                """)
        for (link, samples) in due {
            var number = known[link] ?? made[link]
            if number == nil {
                try database.execute(sql: "INSERT OR IGNORE INTO series (link) VALUES (?)", arguments: [link.description])
                number = try Int64.fetchOne(
                    database, sql: "SELECT id FROM series WHERE link = ?", arguments: [link.description])
                made[link] = number
            }
            guard let number else { continue }
            for step in steps {
                for sample in samples {
                    let rates = sample.receivedBitsPerSecond == nil ? 0 : 1
                    try insertion.execute(
                        arguments: [
                            number, step, sample.at - sample.at % step, sample.severity, sample.roundTripMilliseconds,
                            sample.roundTripMilliseconds == nil ? 0 : 1, sample.lossPercent,
                            sample.lossPercent == nil ? 0 : 1, sample.receivedBitsPerSecond, sample.sentBitsPerSecond, rates,
                        ])
                }
            }
        }
        return made
    }

    /// The samples of a link from `since` on, oldest first, in the finest tier whose steps are `step` seconds or more and that
    /// reaches back to `since`.
    public func samples(
        of link: LinkID, since: Int64, step: Int64, now: Int64
    ) throws(StoreError) -> (stepSeconds: Int64, samples: [LinkSample]) {
        try write([link])
        let fitting = tiers.first { $0.stepSeconds >= step && since >= now - $0.keptSeconds }
        let tier = fitting ?? tiers[tiers.count - 1]
        do {
            let samples = try pool.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT at, severity, rtt / NULLIF(rtts, 0) AS rtt, loss / NULLIF(losses, 0) AS loss,
                            received / NULLIF(rates, 0) AS received, sent / NULLIF(rates, 0) AS sent
                        FROM sample JOIN series ON series.id = sample.series
                        WHERE link = ? AND step = ? AND at > ? ORDER BY at
                        """, arguments: [link.description, tier.stepSeconds, since - tier.stepSeconds])
            }
            return (
                tier.stepSeconds,
                samples.map { row in
                    LinkSample(
                        at: row["at"], severity: row["severity"], roundTripMilliseconds: row["rtt"], lossPercent: row["loss"],
                        receivedBitsPerSecond: row["received"], sentBitsPerSecond: row["sent"])
                }
            )
        } catch {
            throw .failed(reason: "samples cannot be read: \(error)")
        }
    }

    /// Forgets what is too old, and the oldest of the rest while there is too much.
    public func prune(now: Int64) throws(StoreError) {
        let tiers = tiers, maximumBytes = maximumBytes
        do {
            try pool.write { database in
                for number in try Int64.fetchAll(database, sql: "SELECT id FROM series") {
                    for tier in tiers {
                        try database.execute(
                            sql: "DELETE FROM sample WHERE series = ? AND step = ? AND at < ?",
                            arguments: [number, tier.stepSeconds, now - tier.keptSeconds])
                    }
                }
                while try Self.bytes(of: database) > maximumBytes {
                    let span = try Row.fetchOne(database, sql: "SELECT MIN(at) AS first, MAX(at) AS last FROM sample")
                    guard let first: Int64 = span?["first"], let last: Int64 = span?["last"] else { break }
                    try database.execute(
                        sql: "DELETE FROM sample WHERE at <= ?", arguments: [first + (last - first) / 4])
                }
                try database.execute(
                    sql: "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM sample WHERE sample.series = series.id)")
            }
            series = [:]
        } catch {
            throw .failed(reason: "old samples cannot be removed: \(error)")
        }
    }

    /// Of pages in use.
    private static func bytes(of database: Database) throws -> Int64 {
        let numbers = try ["page_count", "freelist_count", "page_size"].map {
            try Int64.fetchOne(database, sql: "PRAGMA \($0)") ?? 0
        }
        return (numbers[0] - numbers[1]) * numbers[2]
    }
}
