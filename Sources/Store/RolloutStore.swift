import Foundation
import WarrenModel
import WarrenRollout

/// What is kept of roll-outs, and of who may speak for a site.
extension MeshStore {
    public func epoch() async throws(StoreError) -> UInt64 { try await read("epoch", as: UInt64.self)?.value ?? 1 }

    public func control() async throws(StoreError) -> MeshControl.Record? {
        guard let progress = try await read("control", as: MeshControl.Record.self)?.value else { return nil }
        let fleet = try await read("fleet", as: RolloutFleet.self)?.value
        guard let record = MeshControl.Record(progress: progress, fleet: fleet) else {
            throw .corrupt(key: "fleet", reason: "it is not the one that 'control' tells of")
        }
        return record
    }

    /// Keeps both, in one transaction; what was there is replaced.
    ///
    /// - Parameter withFleet: false when the roll-out is the one that was kept last: what it has to change is there already.
    public func keep(
        _ control: MeshControl.Record, rollout: RolloutRecord?, withFleet: Bool = true
    ) async throws(StoreError) {
        var transaction = StoreTransaction()
        try Self.put(control, withFleet: withFleet, into: &transaction)
        if let rollout { transaction.put(Self.rolloutKey(rollout.generation), try Self.encode(rollout)) }
        try await store.commit(transaction)
    }

    static func put(
        _ control: MeshControl.Record, withFleet: Bool = true, into transaction: inout StoreTransaction
    ) throws(StoreError) {
        transaction.put("control", try encode(control.progress))
        guard withFleet else { return }
        if let fleet = control.fleet { transaction.put("fleet", try encode(fleet)) } else { transaction.delete("fleet") }
    }

    public func rollout(of generation: Generation) async throws(StoreError) -> RolloutRecord? {
        try await read(Self.rolloutKey(generation), as: RolloutRecord.self)?.value
    }

    /// The newest `limit` roll-outs, newest first.
    public func rollouts(limit: Int) async throws(StoreError) -> [RolloutRecord] {
        let current = try await current().rawValue
        let first = current > UInt64(clamping: limit) ? current - UInt64(clamping: limit) : 0
        let entries = try await store.list(
            prefix: "rollout/", after: Self.rolloutKey(Generation(rawValue: first)), limit: limit)
        return try entries.reversed().map { entry throws(StoreError) in try Self.decode(entry) }
    }

    /// The number of the newest event; 0 when there is none.
    public func latestEvent() async throws(StoreError) -> UInt64 {
        try await read("event-count", as: UInt64.self)?.value ?? 0
    }

    /// The sites for which an agent is enrolled.
    public func enrolledSites() async throws(StoreError) -> Set<SiteID> { Set(try await agents().map(\.site)) }

    /// Every agent that is enrolled.
    public func agents() async throws(StoreError) -> [AgentRecord] {
        try await store.list(prefix: "agent/").map { entry throws(StoreError) in try Self.decode(entry) }
    }

    /// No agent is enrolled for the site any longer, and no token that was given out for it can be used. Repeats are harmless.
    public func revoke(_ site: SiteID, control: MeshControl.Record) async throws(StoreError) {
        var transaction = StoreTransaction()
        transaction.delete("agent/\(site)")
        for entry in try await store.list(prefix: "token/")
        where try Self.decode(entry, as: TokenRecord.self).site == site { transaction.delete(entry.key) }
        try Self.put(control, into: &transaction)
        try await store.commit(transaction)
    }
}
