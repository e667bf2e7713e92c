import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenStore

@Suite struct MeshStoreTests {
    let folder: TemporaryFolder
    let store: MeshStore
    let date = Date(timeIntervalSince1970: 1_800_000_000)
    let berlin = SiteID("0123456789abcdef0123456789abcdef")!

    init() throws {
        folder = try TemporaryFolder()
        store = MeshStore(try SQLiteStore(path: folder.database))
    }

    private func assignments() throws -> Assignments {
        let (berlin, tokyo) = (try #require(SiteName("berlin")), try #require(SiteName("tokyo")))
        return Assignments(
            indexes: [berlin: 1, tokyo: 3], keyEpochs: [try #require(LinkID(berlin, tokyo)): 2],
            addresses: [tokyo: [try #require(IPAddress("198.51.100.20"))]], drained: [berlin])
    }

    private func accept(_ number: UInt64, expecting: UInt64) async throws {
        let record = GenerationRecord(
            generation: Generation(rawValue: number), mesh: "acme", files: [InventoryFile(name: "m.yaml", text: "v\(number)")],
            assignments: try assignments(), siteCount: 2, acceptedAt: date)
        try await store.accept(record, sites: [], expecting: Generation(rawValue: expecting))
    }

    @Test func generationsAreWholeAfterReopening() async throws {
        #expect(try await store.current() == .none)
        try await accept(1, expecting: 0)
        try await accept(2, expecting: 1)
        let reopened = MeshStore(try SQLiteStore(path: folder.database))
        #expect(try await reopened.current() == Generation(rawValue: 2))
        #expect(try await reopened.generation(Generation(rawValue: 1))?.assignments == assignments())
        #expect(try await reopened.generations(limit: 10).map(\.files[0].text) == ["v2", "v1"])
        #expect(try await reopened.generations(limit: 1).map(\.files[0].text) == ["v2"])
    }

    @Test func aStaleExpectationConflicts() async throws {
        try await accept(1, expecting: 0)
        let error = await #expect(throws: StoreError.self) { try await accept(1, expecting: 0) }
        guard case .generationConflict(current: 1)? = error else {
            Issue.record("\(error.map { "\($0)" } ?? "no error")")
            return
        }
        #expect(try await store.generations(limit: 10).count == 1)
    }

    /// A generation is what determines plans, never the plans themselves.
    @Test func noPlanIsStored() async throws {
        for number in 1...UInt64(3) { try await accept(number, expecting: number - 1) }
        let keys = try await store.store.list(prefix: "").map(\.key)
        #expect(keys.filter { !$0.hasPrefix("generation/") } == ["current"])
        #expect(keys.count == 4)
        #expect(try await store.generation(Generation(rawValue: 1)) != nil)
    }

    @Test func aTokenWorksOnce() async throws {
        let agent = AgentRecord(site: berlin, fingerprint: "aa", enrolledAt: date, certificateEnds: date + 10, key: "ka")
        let issued = TokenRecord.Issued(certificate: Data([7]), fingerprint: "aa", key: "ka")
        try await store.addToken(TokenRecord(site: berlin, expiresAt: date + 5), hash: [1, 2], now: date)
        await #expect(throws: StoreError.self) { try await store.usableToken(hash: [1, 3], by: "ka", now: date) }
        await #expect(throws: StoreError.self) { try await store.usableToken(hash: [1, 2], by: "ka", now: date + 5) }
        #expect(try await store.agent(of: berlin) == nil)
        let shared = store, now = date
        let successes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    (try? await shared.consumeToken(hash: [1, 2], for: issued, now: now, enrolling: agent)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 1)
        #expect(try await store.agent(of: berlin) == agent)
        // Its own key is told once more what became of it, another is not; nor its own, once the agent has gone on.
        #expect(try await store.usableToken(hash: [1, 2], by: "ka", now: date + 9).issued == issued)
        await #expect(throws: StoreError.self) { try await store.usableToken(hash: [1, 2], by: "kb", now: date) }
        let renewed = AgentRecord(
            site: berlin, fingerprint: "bb", enrolledAt: date, certificateEnds: date, key: "kb", renews: "aa", unseen: Data([8])
        )
        try await store.replace(agent, by: renewed)
        await #expect(throws: StoreError.self) { try await store.usableToken(hash: [1, 2], by: "ka", now: date) }
    }

    /// Nor does a token that was given out before, and used by nobody, displace who enrols with a newer one.
    @Test func theNewestTokenOfASiteAloneIsGood() async throws {
        let tokyo = try #require(SiteID("fedcba9876543210fedcba9876543210"))
        for (number, site) in [(1, berlin), (2, tokyo), (3, berlin)] as [(UInt8, SiteID)] {
            try await store.addToken(TokenRecord(site: site, expiresAt: date + 5), hash: [number], now: date)
        }
        let error = await #expect(throws: StoreError.self) { try await store.usableToken(hash: [1], by: "ka", now: date) }
        guard case .tokenReplaced? = error else { Issue.record("\(String(describing: error))"); return }
        let agent = AgentRecord(site: berlin, fingerprint: "aa", enrolledAt: date, certificateEnds: date + 10, key: "ka")
        let issued = TokenRecord.Issued(certificate: Data([7]), fingerprint: "aa", key: "ka")
        await #expect(throws: StoreError.self) {
            try await store.consumeToken(hash: [1], for: issued, now: date, enrolling: agent)
        }
        try await store.consumeToken(hash: [3], for: issued, now: date, enrolling: agent)
        // One that was used stays so: its agent may not have had the answer.
        try await store.addToken(TokenRecord(site: berlin, expiresAt: date + 5), hash: [4], now: date)
        #expect(try await store.usableToken(hash: [3], by: "ka", now: date).issued == issued)
        for hash: [UInt8] in [[2], [4]] { _ = try await store.usableToken(hash: hash, by: "kb", now: date) }
    }

    /// Of a token that is used just when another is made, one thing or the other comes true.
    @Test func aTokenIsUsedOrReplaced() async throws {
        let shared = store, now = date, site = berlin
        for number in UInt8(0)..<20 {
            try await shared.addToken(TokenRecord(site: site, expiresAt: now + 5), hash: [number, 0], now: now)
            let agent = AgentRecord(site: site, fingerprint: "\(number)", enrolledAt: now, certificateEnds: now + 10, key: "ka")
            let issued = TokenRecord.Issued(certificate: Data([7]), fingerprint: "\(number)", key: "ka")
            async let other: Void = shared.addToken(TokenRecord(site: site, expiresAt: now + 5), hash: [number, 1], now: now)
            let isUsed = (try? await shared.consumeToken(hash: [number, 0], for: issued, now: now, enrolling: agent)) != nil
            try await other
            #expect(try await shared.agent(of: site).map { $0 == agent } ?? false == isUsed)
            _ = try await shared.usableToken(hash: [number, 1], by: "kb", now: now)
        }
    }

    /// Whoever has looked at an agent that is another by now changes nothing: neither one that another host enrolled, nor a
    /// certificate that was renewed meanwhile.
    @Test func replacingAnAgentComparesIt() async throws {
        let first = AgentRecord(site: berlin, fingerprint: "aa", enrolledAt: date, certificateEnds: date)
        let issued = TokenRecord.Issued(certificate: Data(), fingerprint: "aa", key: "ka")
        try await store.addToken(TokenRecord(site: berlin, expiresAt: date + 5), hash: [1], now: date)
        try await store.consumeToken(hash: [1], for: issued, now: date, enrolling: first)
        let second = AgentRecord(site: berlin, fingerprint: "bb", enrolledAt: date, certificateEnds: date, renews: "aa")
        await #expect(throws: StoreError.self) { try await store.replace(second, by: second) }
        try await store.replace(first, by: second)
        #expect(try await store.agent(of: berlin) == second)
        await #expect(throws: StoreError.self) { try await store.replace(first, by: first) }
        #expect(try await store.agent(of: berlin) == second)
    }

    @Test func eventsAreNumberedAcrossWriters() async throws {
        let shared = store, now = date
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<25 {
                group.addTask { try await shared.append(EventRecord(at: now, kind: .applied, text: "\(number)")) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.events(since: 0, limit: 100).map(\.number) == Array(1...25))
        #expect(try await store.events(since: 20, limit: 3).map(\.number) == [21, 22, 23])
    }

    @Test func damageIsTold() async throws {
        var transaction = StoreTransaction()
        transaction.put("current", Array("{".utf8))
        try await store.store.commit(transaction)
        await #expect(throws: StoreError.self) { try await store.current() }
    }
}
