import Foundation
import WarrenModel
import WarrenRollout

/// What is kept of roll-outs, and of who may speak for a site.
extension MeshStore {
    public func epoch() async throws(StoreError) -> UInt64 { try await read("epoch", as: UInt64.self)?.value ?? 1 }

    public func control() async throws(StoreError) -> MeshControl.Record? {
        try await read("control", as: MeshControl.Record.self)?.value
    }

    /// Keeps both, in one transaction; what was there is replaced.
    public func keep(_ control: MeshControl.Record, rollout: RolloutRecord?) async throws(StoreError) {
        var transaction = StoreTransaction()
        transaction.put("control", try Self.encode(control))
        if let rollout { transaction.put(Self.rolloutKey(rollout.generation), try Self.encode(rollout)) }
        try await store.commit(transaction)
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
    public func enrolledSites() async throws(StoreError) -> Set<SiteID> {
        Set(
            try await store.list(prefix: "agent/").map { entry throws(StoreError) in
                try Self.decode(entry, as: AgentRecord.self).site
            })
    }

    /// No agent is enrolled for the site any longer, and no token that was given out for it can be used. Repeats are harmless.
    public func revoke(_ site: SiteID, control: MeshControl.Record) async throws(StoreError) {
        var transaction = StoreTransaction()
        transaction.delete("agent/\(site)")
        for entry in try await store.list(prefix: "token/")
        where try Self.decode(entry, as: TokenRecord.self).site == site { transaction.delete(entry.key) }
        transaction.put("control", try Self.encode(control))
        try await store.commit(transaction)
    }
}
