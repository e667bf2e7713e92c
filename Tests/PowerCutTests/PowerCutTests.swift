import Foundation
import GRDB
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStore

/// Power is cut at every single call that the database makes to the disk, in five ways each. Whatever was promised before the
/// cut must be there after it; what was under way is there whole or not at all.
@Suite(.serialized) struct PowerCutTests {
    static let date = Date(timeIntervalSince1970: 1_800_000_000)
    static let token: [UInt8] = [7, 7, 7]

    @Test func everyCutLeavesWhatWasPromised() async throws {
        let events = try await Self.recordedLife()
        let writes = events.count { if case .write = $0 { true } else { false } }
        let syncs = events.count { if case .sync = $0 { true } else { false } }
        #expect(writes > 100 && syncs > 10, "\(writes) writes, \(syncs) flushes: too few to be the life of a database")
        let faults = await Self.faults(cutting: events, by: PowerCut.all)
        let count = faults.count, first = faults.prefix(5)
        #expect(count == 0, "of \((events.count + 1) * PowerCut.all.count): \(first)")
    }

    /// The same with a disk that never flushes: if no promise were broken then, the test above could not fail.
    @Test func aDiskThatNeverFlushesIsFoundOut() async throws {
        let events = try await Self.recordedLife().filter { if case .sync = $0 { false } else { true } }
        let count = await Self.faults(cutting: events, by: [.cacheLost]).count
        #expect(count > 0)
    }

    // MARK: What is cut

    /// A controller's store from its first start: generations, a token's use, events, a checkpoint of the log, a restart.
    static func recordedLife() async throws -> [DiskEvent] {
        let recording = try DiskRecording()
        var store: MeshStore? = MeshStore(try SQLiteStore(path: recording.database))
        for number in 1...UInt64(3) { try await accept(number, in: store, recording) }
        try await useToken(in: store, recording)
        try await DatabaseQueue(path: recording.database).writeWithoutTransaction { database in
            _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        for number in 4...UInt64(6) { try await accept(number, in: store, recording) }
        store = nil
        store = MeshStore(try SQLiteStore(path: recording.database))
        try await accept(7, in: store, recording)
        let events = recording.events
        store = nil
        return events
    }

    static func generation(_ number: UInt64) -> GenerationRecord {
        GenerationRecord(
            generation: Generation(rawValue: number), mesh: "acme",
            files: [InventoryFile(name: "mesh.yaml", text: String(repeating: "generation \(number)\n", count: 600))],
            assignments: Assignments(), siteCount: 2, acceptedAt: date)
    }

    private static func accept(_ number: UInt64, in store: MeshStore?, _ recording: DiskRecording) async throws {
        try await store?.accept(generation(number), sites: [], expecting: Generation(rawValue: number - 1))
        recording.promise(.generation(number))
        let event = "generation \(number) was accepted"
        try await store?.append(EventRecord(at: date, kind: .generationAccepted, text: event))
        recording.promise(.event(event))
    }

    private static func useToken(in store: MeshStore?, _ recording: DiskRecording) async throws {
        let site = try #require(SiteID("0123456789abcdef0123456789abcdef"))
        try await store?.addToken(TokenRecord(site: site, expiresAt: date + 60), hash: token, now: date)
        let agent = AgentRecord(site: site, fingerprint: "aa", enrolledAt: date, certificateEnds: date + 60)
        let issued = TokenRecord.Issued(certificate: Data([7]), fingerprint: "aa", key: "ka")
        try await store?.consumeToken(hash: token, for: issued, now: date, enrolling: agent)
        recording.promise(.tokenUsed)
    }

    // MARK: What is found

    /// A sentence for every cut after which something is missing, half there or damaged.
    static func faults(cutting events: [DiskEvent], by cuts: [PowerCut]) async -> [String] {
        await withTaskGroup(of: [String].self) { group in
            let lanes = 2
            for lane in 0..<lanes {
                group.addTask {
                    var faults: [String] = []
                    for end in stride(from: lane, through: events.count, by: lanes) {
                        for cut in cuts {
                            do { try await check(events[..<end], after: cut) } catch {
                                faults.append("\(cut) after call \(end): \(error)")
                            }
                        }
                    }
                    return faults
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// In memory, where there is such a file system: what is looked at here need not outlive anything.
    private static let scratch =
        access("/dev/shm", W_OK) == 0 ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory

    private static func check(_ events: ArraySlice<DiskEvent>, after cut: PowerCut) async throws {
        let folder = Self.scratch.appending(path: "warren-after-cut-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in cut.files(after: events) { try Data(bytes).write(to: folder.appending(path: name)) }
        let path = folder.appending(path: "store.sqlite").path

        let promises = Set(
            events.compactMap { event -> Promise? in if case .promise(let promise) = event { promise } else { nil } })
        let sqlite = try SQLiteStore(path: path), store = MeshStore(sqlite)
        let current = try await store.current().rawValue
        let promised =
            promises.compactMap { promise -> UInt64? in
                if case .generation(let number) = promise { number } else { nil }
            }.max() ?? 0
        guard current == promised || current == promised + 1 else {
            throw Broken(description: "generation \(current) is current, \(promised) was promised")
        }
        for number in 1..<(current + 1) {
            guard try await store.generation(Generation(rawValue: number)) == generation(number) else {
                throw Broken(description: "generation \(number) of \(current) is not whole")
            }
        }
        guard try await store.generation(Generation(rawValue: current + 1)) == nil else {
            throw Broken(description: "generation \(current + 1) is half there")
        }
        try await checkToken(promises, in: store)
        let texts = Set(try await store.events(since: 0, limit: 100).map(\.text))
        for case .event(let text) in promises where !texts.contains(text) { throw Broken(description: "no event '\(text)'") }
        // It is not only readable: the next one is accepted.
        try await store.accept(generation(current + 1), sites: [], expecting: Generation(rawValue: current))
        let verdict = try await DatabaseQueue(path: path).read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
        guard verdict == ["ok"] else { throw Broken(description: verdict.joined(separator: "; ")) }
    }

    private static func checkToken(_ promises: Set<Promise>, in store: MeshStore) async throws {
        guard promises.contains(.tokenUsed) else { return }
        do {
            _ = try await store.usableToken(hash: token, by: "kb", now: date)
        } catch .tokenUsed {
            return
        }
        throw Broken(description: "a token that was used can be used again")
    }
}
