import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenTrust

/// The controller's state as records, on top of any `Store`.
///
/// | key | value |
/// | --- | --- |
/// | `current` | the current generation's number |
/// | `generation/N` | `GenerationRecord` |
/// | `control` | `MeshControl.Record.progress`: what each gateway shall run, and how far the roll-out is |
/// | `fleet` | `RolloutFleet`: what that roll-out has to change |
/// | `rollout/N` | `RolloutRecord` of the roll-out to generation N |
/// | `epoch` | the epoch of all versions; 1 when there is none |
/// | `site/ID` | `SiteRecord`, also of sites that are gone |
/// | `withdrawn/ID` | the last `GatewayPlan` of a site that is gone: one without tunnels |
/// | `agent/ID` | `AgentRecord` |
/// | `token/HASH` | `TokenRecord` |
/// | `event/N` | `EventRecord` |
/// | `access/NAME` | `AccessTokenRecord` |
public struct MeshStore: Sendable {
    let store: any Store

    public init(_ store: any Store) {
        self.store = store
    }

    // MARK: Generations

    public func current() async throws(StoreError) -> Generation {
        try await read("current", as: Generation.self)?.value ?? .none
    }

    public func generation(_ generation: Generation) async throws(StoreError) -> GenerationRecord? {
        try await read(Self.key(generation), as: GenerationRecord.self)?.value
    }

    /// The newest `limit` generations, newest first.
    public func generations(limit: Int) async throws(StoreError) -> [GenerationRecord] {
        let current = try await current().rawValue
        let first = current > UInt64(clamping: limit) ? current - UInt64(clamping: limit) : 0
        let after = Self.key(Generation(rawValue: first))
        let entries = try await store.list(prefix: "generation/", after: after, limit: limit)
        return try entries.reversed().map { entry throws(StoreError) in try Self.decode(entry) }
    }

    /// Makes `record` the current generation, with the sites that come or go and the roll-out that leads there, in one
    /// transaction. `withdrawn` is what the gateways of sites that go shall run from now on.
    ///
    /// Throws `.generationConflict` unless `expected` is current, and then has changed nothing.
    public func accept(
        _ record: GenerationRecord, sites: [SiteRecord], withdrawn: [SiteID: GatewayPlan] = [:],
        control: MeshControl.Record? = nil, rollout: RolloutRecord? = nil, expecting expected: Generation
    ) async throws(StoreError) {
        let entry = try await store.get("current")
        let current = try entry.map { entry throws(StoreError) in try Self.decode(entry, as: Generation.self) } ?? .none
        guard current == expected, record.generation == expected.next else {
            throw .generationConflict(current: current.rawValue)
        }
        var transaction = StoreTransaction()
        transaction.require("current", at: entry?.revision ?? .absent)
        transaction.put("current", try Self.encode(record.generation))
        transaction.put(Self.key(record.generation), try Self.encode(record))
        for site in sites { transaction.put("site/\(site.id)", try Self.encode(site)) }
        for (id, gateway) in withdrawn { transaction.put("withdrawn/\(id)", try Self.encode(gateway)) }
        if let control { try Self.put(control, into: &transaction) }
        if let rollout { transaction.put(Self.rolloutKey(rollout.generation), try Self.encode(rollout)) }
        do {
            try await store.commit(transaction)
        } catch .conflict {
            throw .generationConflict(current: try await self.current().rawValue)
        }
    }

    /// Forgets the generations before `first`, and their roll-outs, but for those of `kept`.
    public func pruneGenerations(before first: Generation, keeping kept: Set<Generation>) async throws(StoreError) {
        var transaction = StoreTransaction()
        for entry in try await store.list(prefix: "generation/") {
            guard entry.key < Self.key(first) else { break }
            let record = try Self.decode(entry, as: GenerationRecord.self)
            guard !kept.contains(record.generation) else { continue }
            transaction.delete(entry.key)
            transaction.delete(Self.rolloutKey(record.generation))
        }
        if !transaction.writes.isEmpty { try await store.commit(transaction) }
    }

    // MARK: Sites and agents

    /// Every site that is or was in the mesh.
    public func sites() async throws(StoreError) -> [SiteRecord] {
        try await store.list(prefix: "site/").map { entry throws(StoreError) in try Self.decode(entry) }
    }

    public func site(_ id: SiteID) async throws(StoreError) -> SiteRecord? {
        try await read("site/\(id)", as: SiteRecord.self)?.value
    }

    /// What the gateway of a site that is gone shall run.
    public func withdrawnPlan(of site: SiteID) async throws(StoreError) -> GatewayPlan? {
        try await read("withdrawn/\(site)", as: GatewayPlan.self)?.value
    }

    public func agent(of site: SiteID) async throws(StoreError) -> AgentRecord? {
        try await read("agent/\(site)", as: AgentRecord.self)?.value
    }

    /// Replaces the site's agent if it is still `former`; else throws `.conflict`.
    public func replace(_ former: AgentRecord, by agent: AgentRecord) async throws(StoreError) {
        let key = "agent/\(agent.site)"
        guard let old = try await read(key, as: AgentRecord.self), old.value == former else { throw .conflict(key: key) }
        var transaction = StoreTransaction()
        transaction.require(key, at: old.revision)
        transaction.put(key, try Self.encode(agent))
        try await store.commit(transaction)
    }

    // MARK: Tokens

    /// Those that were made for the site before are good no more, unless they have been used: whoever gets hold of one can't take the
    /// place of the agent that enrols with the newest.
    ///
    /// - Parameter hash: SHA-256 of the token's secret.
    public func addToken(_ token: TokenRecord, hash: [UInt8], now: Date) async throws(StoreError) {
        let key = Self.tokenKey(hash)
        while true {
            var transaction = StoreTransaction()
            transaction.require(key, at: .absent)
            transaction.put(key, try Self.encode(token))
            try await changeUnusedTokens(in: &transaction) { if $0.site == token.site { $0.replacedAt = now } }
            do {
                try await store.commit(transaction)
                return
            } catch .conflict(let written) where written != key {
                // Somebody has just used one of those.
            }
        }
    }

    /// Puts into the transaction what `change` makes of tokens that nobody has used and no other has replaced; it holds only as long as
    /// they stay so.
    func changeUnusedTokens(
        in transaction: inout StoreTransaction, _ change: (inout TokenRecord) -> Void
    ) async throws(StoreError) {
        for entry in try await store.list(prefix: "token/") {
            let former: TokenRecord = try Self.decode(entry)
            guard former.use == .unused else { continue }
            var changed = former
            change(&changed)
            guard changed != former else { continue }
            transaction.require(entry.key, at: entry.revision)
            transaction.put(entry.key, try Self.encode(changed))
        }
    }

    /// The token with this hash, if the holder of `key` can enrol with it at `now`. What it was used for, if anything, is that key's.
    public func usableToken(hash: [UInt8], by key: String, now: Date) async throws(StoreError) -> TokenRecord {
        try await usable(hash, key, now).value
    }

    /// Uses the token up and enrols its agent, in one transaction: of two who try, one succeeds. The former agent of the
    /// site, if there is one, is enrolled no more.
    public func consumeToken(
        hash: [UInt8], for issued: TokenRecord.Issued, now: Date, enrolling agent: AgentRecord
    ) async throws(StoreError) {
        let token = try await usable(hash, issued.key, now)
        guard token.value.usedAt == nil else { throw .tokenUsed }
        guard token.value.site == agent.site else { throw .tokenUnknown }
        var used = token.value
        used.usedAt = now
        used.issued = issued
        var transaction = StoreTransaction()
        transaction.require(Self.tokenKey(hash), at: token.revision)
        transaction.put(Self.tokenKey(hash), try Self.encode(used))
        transaction.put("agent/\(agent.site)", try Self.encode(agent))
        do {
            try await store.commit(transaction)
        } catch .conflict {
            throw .tokenUsed
        }
    }

    private func usable(
        _ hash: [UInt8], _ key: String, _ now: Date
    ) async throws(StoreError) -> (value: TokenRecord, revision: StoreRevision) {
        guard let token = try await read(Self.tokenKey(hash), as: TokenRecord.self) else { throw .tokenUnknown }
        let certificates = try await agent(of: token.value.site)?.certificates
        switch token.value.use.admission(of: key, isExpired: now >= token.value.expiresAt, certificates: certificates) {
        case .enrolled, .enrolledBefore: return token
        case .expired: throw .tokenExpired
        case .replaced: throw .tokenReplaced
        case .used: throw .tokenUsed
        }
    }

    /// Forgets tokens that were used or ended before `limit`.
    public func pruneTokens(before limit: Date) async throws(StoreError) {
        var transaction = StoreTransaction()
        for entry in try await store.list(prefix: "token/") {
            let token = try Self.decode(entry, as: TokenRecord.self)
            if min(token.usedAt ?? token.expiresAt, token.expiresAt) < limit { transaction.delete(entry.key) }
        }
        if !transaction.writes.isEmpty { try await store.commit(transaction) }
    }

    /// One element after each accepted generation.
    public func generationChanges() -> AsyncStream<StoreChange> { store.watch(prefix: "current") }
}
