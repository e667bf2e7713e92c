import Logging
import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStore

/// How a generation is accepted.
extension Controller {
    /// How a generation shall be rolled out.
    public struct Manner: Sendable {
        public var strategy: RolloutStrategy
        /// Only the gateways of these sites, and of sites with one of `limitTags`; both nil: all.
        public var limitSites: [SiteName]?
        public var limitTags: [String]?

        public init(strategy: RolloutStrategy = RolloutStrategy(), limitSites: [SiteName]? = nil, limitTags: [String]? = nil) {
            self.strategy = strategy
            self.limitSites = limitSites
            self.limitTags = limitTags
        }

        /// The sites that are meant; nil: all. Throws for one that `inventory` doesn't know.
        func limit(in inventory: Inventory) throws(ControllerError) -> Set<SiteName>? {
            guard limitSites != nil || limitTags != nil else { return nil }
            let known = Set(inventory.sites.map(\.name)), tags = Set(limitTags ?? [])
            for site in limitSites ?? [] where !known.contains(site) { throw .unknownSite(site) }
            let tagged = inventory.sites.filter { !tags.isDisjoint(with: $0.tags) }.map(\.name)
            let limit = Set(limitSites ?? []).union(tagged)
            guard !limit.isEmpty else {
                throw .malformed(
                    "no site has one of the tags, which the inventory gives them: 'warren status' lists the sites")
            }
            return limit
        }

        /// Throws for a site of the canary that neither `inventory` knows nor an enrolled agent, which may be on its way out, is
        /// of: the roll-out would begin with others.
        func requireCanary(in inventory: Inventory, or enrolled: Set<SiteName>) throws(ControllerError) {
            guard case .sites(let canary) = strategy.canary else { return }
            let known = enrolled.union(inventory.sites.map(\.name))
            if let stranger = canary.subtracting(known).min() { throw .unknownSite(stranger) }
        }
    }

    /// Makes `files` the next generation, and begins to roll it out. Durable when this returns.
    ///
    /// - Parameters:
    ///   - assignments: what the sites and links shall have; nil: what they have now.
    ///   - fingerprint: of the changes that the operator has seen; when they would be others, nothing is accepted.
    public func accept(
        _ files: [InventoryFile], assignments: Assignments? = nil, manner: Manner = Manner(), expecting expected: Generation,
        fingerprint: String? = nil
    ) async throws -> Generation {
        try await serially {
            try await self.requireRest(expecting: expected)
            let candidate = try await self.candidate(files, assignments: assignments)
            try await self.require(fingerprint, of: candidate)
            return try await self.accept(candidate, files: files, manner: manner)
        }
    }

    /// Throws unless the generation is current, and no roll-out is under way.
    func requireRest(expecting expected: Generation?) throws(ControllerError) {
        if let expected, expected != control.generation { throw .generationConflict(current: control.generation) }
        guard control.isRollingOut, let rollout = control.rollout else { return }
        throw .rolloutUnderWay(rollout.generation, rollout.state)
    }

    /// Call it within `serially`.
    func accept(
        _ candidate: Candidate, files: [InventoryFile], manner: Manner, kind: Rollout.Kind = .forward
    ) async throws -> Generation {
        let changed = candidate.changedSites, from = control.generation
        let live = sites.after(changed).live
        let names = Set(
            live.values.filter { enrolled.contains($0.id) }.map(\.name)
                + changed.filter { $0.retired != nil && enrolled.contains($0.id) }.map(\.name)
                // Those that left before, and are still on their way out.
                + sites.latest.values.filter { $0.retired != nil && enrolled.contains($0.id) && live[$0.name] == nil }.map(
                    \.name))
        let limit = try manner.limit(in: candidate.content.inventory)
        try manner.requireCanary(in: candidate.content.inventory, or: names)
        let (next, actions) = await Self.accepting(
            MeshControl.Proposal(
                candidate.content, kind: kind, strategy: manner.strategy, limit: limit, enrolled: names),
            in: decisions.newest, now: options.clock.monotonic())
        let decision = decisions.decision(next, actions)
        guard let rollout = next.rollout else { throw ControllerError.failed("the roll-out did not begin") }
        let record = GenerationRecord(
            generation: from.next, mesh: candidate.mesh.mesh, files: files, assignments: candidate.assignments,
            siteCount: candidate.mesh.count, acceptedAt: now)
        let withdrawn = withdrawn(changed)
        await journal.flush()
        let firstEvent = try await translatingStoreErrors { try await store.latestEvent() }
        let rolloutRecord = RolloutRecord(
            generation: record.generation, from: from, strategy: manner.strategy,
            limit: limit?.sorted(), firstEvent: firstEvent, startedAt: now,
            finishedAt: next.isRollingOut ? nil : now, view: rollout.view)
        Failpoint.controllerAcceptDerived.pass()
        try await translatingStoreErrors {
            try await store.accept(
                record, sites: changed, withdrawn: withdrawn, control: next.record, rollout: rolloutRecord, expecting: from)
        }
        Failpoint.controllerAcceptStored.pass()
        kept(decision)
        self.rolloutRecord = rolloutRecord
        sites = sites.after(changed)
        await note(.generationAccepted, text: "generation \(record.generation) of \(record.siteCount) sites")
        Failpoint.controllerAcceptNoted.pass()
        for session in sessions.values { session.ring() }
        await carryOut(decision)
        await prune()
        Task { await self.lookUpNames() }
        return record.generation
    }

    /// The content of `generation` becomes a new generation, by a roll-out that was to be rolled back.
    func restore(_ generation: Generation, reason: String) async throws {
        guard let record = try await self.generation(generation) else {
            throw ControllerError.failed("generation \(generation), to which is to be rolled back, is not kept any more")
        }
        log.warning("rolling back", metadata: ["to": "\(generation)", "reason": "\(reason)"])
        let candidate = try candidate(record.files, assignments: returning(to: record), reviving: generation, isUndoing: true)
        _ = try await accept(
            candidate, files: record.files, manner: Manner(strategy: .rollingBack), kind: .rollBack)
    }

    private func prune() async {
        guard control.generation.rawValue > options.generationsKept else { return }
        let first = Generation(rawValue: control.generation.rawValue - options.generationsKept)
        let kept = control.record.generations
        do {
            try await translatingStoreErrors { try await store.pruneGenerations(before: first, keeping: kept) }
        } catch {
            log.error("old generations could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
