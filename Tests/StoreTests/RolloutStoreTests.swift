import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout

@testable import WarrenStore

@Suite struct RolloutStoreTests {
    let folder: TemporaryFolder
    let store: MeshStore
    let date = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws {
        folder = try TemporaryFolder()
        store = MeshStore(try SQLiteStore(path: folder.database))
    }

    /// The control of a mesh in the middle of a roll-out, and its record.
    private func underWay() throws -> (control: MeshControl.Record, rollout: RolloutRecord) {
        let sites = try ["berlin", "tokyo"].map { try #require(SiteName($0)) }
        var control = MeshControl.Record(Generation(rawValue: 1), sites: sites, epoch: 3)
        let link = try #require(LinkID(sites[0], sites[1]))
        var rollout = Rollout(
            epoch: 3, generation: Generation(rawValue: 2),
            fleet: RolloutFleet(
                changes: [sites[0]: [.expand, .contract], sites[1]: [.expand]], links: [link], changedLinks: [link]))
        _ = rollout.start(connected: Set(sites), up: [link], now: MonotonicTime(nanoseconds: 5))
        control.rollout = rollout
        control.addresses = [sites[1]: [try #require(IPAddress("198.51.100.7"))]]
        control.keyFloors = [link: 4]
        let record = RolloutRecord(
            generation: Generation(rawValue: 2), from: Generation(rawValue: 1), strategy: rollout.strategy, limit: [sites[0]],
            firstEvent: 9, startedAt: date, finishedAt: nil, view: rollout.view)
        return (control, record)
    }

    @Test func comesBackAsItWas() async throws {
        let (control, rollout) = try underWay()
        #expect(try await store.control() == nil)
        #expect(try await store.epoch() == 1)
        try await store.keep(control, rollout: rollout)
        let again = MeshStore(try SQLiteStore(path: folder.database))
        #expect(try await again.control() == control)
        #expect(try await again.rollout(of: rollout.generation) == rollout)
    }

    /// Old generations go with their roll-outs; what some gateway still runs stays.
    @Test func oldGenerationsGo() async throws {
        let (_, rollout) = try underWay()
        for number in 1...5 as ClosedRange<UInt64> {
            let generation = Generation(rawValue: number)
            let record = GenerationRecord(
                generation: generation, mesh: "acme", files: [InventoryFile(name: "m.yaml", text: "v\(number)")],
                assignments: .none, siteCount: 2, acceptedAt: date)
            let kept = RolloutRecord(
                generation: generation, from: Generation(rawValue: number - 1), strategy: rollout.strategy, limit: nil,
                firstEvent: 0, startedAt: date, finishedAt: date, view: rollout.view)
            try await store.accept(record, sites: [], rollout: kept, expecting: Generation(rawValue: number - 1))
        }
        try await store.pruneGenerations(before: Generation(rawValue: 4), keeping: [Generation(rawValue: 2)])
        #expect(try await store.generations(limit: 9).map(\.generation.rawValue) == [5, 4, 2])
        #expect(try await store.rollouts(limit: 9).map(\.generation.rawValue) == [5, 4, 2])
    }

    @Test func whoIsRevokedIsEnrolledNoMoreAndHasNoToken() async throws {
        let (control, _) = try underWay()
        let site = try #require(SiteID("0123456789abcdef0123456789abcdef")),
            other = try #require(
                SiteID("fedcba9876543210fedcba9876543210"))
        for (number, id) in [site, other].enumerated() {
            let token = TokenRecord(site: id, expiresAt: date + 60)
            try await store.addToken(token, hash: [UInt8(number)], now: date)
            try await store.consumeToken(
                hash: [UInt8(number)], for: TokenRecord.Issued(certificate: Data(), fingerprint: "f\(number)", key: "k"),
                now: date,
                enrolling: AgentRecord(site: id, fingerprint: "f\(number)", enrolledAt: date, certificateEnds: date + 1))
            try await store.addToken(token, hash: [UInt8(number), 1], now: date)
        }
        #expect(try await store.enrolledSites() == [site, other])
        try await store.revoke(site, control: control)
        #expect(try await store.enrolledSites() == [other])
        let error = await #expect(throws: StoreError.self) {
            _ = try await store.usableToken(hash: [0, 1], by: "k", now: date)
        }
        guard case .tokenUnknown? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        _ = try await store.usableToken(hash: [1, 1], by: "k", now: date)
        try await store.pruneTokens(before: date + 1)
        _ = try await store.usableToken(hash: [1, 1], by: "k", now: date)
        try await store.pruneTokens(before: date + 61)
        await #expect(throws: StoreError.self) { _ = try await store.usableToken(hash: [1, 1], by: "k", now: date) }
    }
}
