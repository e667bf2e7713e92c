import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStore

/// What operators do to a mesh without another inventory. But for revoking, each is a new generation, rolled out as any other;
/// `expected` nil means: whichever generation is current.
extension Controller {
    /// A new pre-shared key for these links; nil: all.
    public func rotateKeys(
        of links: [LinkID]?, manner: Manner = Manner(), expecting expected: Generation? = nil
    ) async throws -> Generation {
        let floors = control.record.keyFloors
        return try await change(expecting: expected, manner: manner) { assignments, mesh in
            let all = mesh.linkIDs, known = Set(all)
            if let stranger = links?.first(where: { !known.contains($0) }) {
                throw ControllerError.nothingToDo("the mesh has no link \(stranger): 'warren status' shows those there are")
            }
            for link in links ?? all {
                // Of a link whose keys were given up, the key in use may be of a later epoch than its generation says.
                let epoch = [assignments.keyEpochs[link], floors[link]].compactMap { $0 }.max()
                assignments.keyEpochs[link] = try Self.next(epoch)
            }
        }
    }

    private static func next(_ epoch: UInt32?) throws(ControllerError) -> UInt32 {
        let (next, isOver) = (epoch ?? Plan.firstKeyEpoch).addingReportingOverflow(1)
        guard !isOver else { throw .failed("a key cannot be rotated any more often") }
        return next
    }

    /// Takes a site out of the mesh's traffic, or lets it back in, without touching the inventory.
    public func setDrained(
        _ isDrained: Bool, _ site: SiteName, manner: Manner = Manner(), expecting expected: Generation? = nil
    ) async throws -> Generation {
        try await change(expecting: expected, manner: manner) { assignments, mesh in
            guard mesh.sites.contains(site) else { throw ControllerError.unknownSite(site) }
            let isSo = assignments.drained.contains(site)
            guard isSo != isDrained else {
                throw ControllerError.nothingToDo(
                    isDrained
                        ? "'\(site)' is drained already: 'warren site undrain \(site)' brings its links back"
                        : "'\(site)' was not drained by an operator: if the inventory says so, apply one that does not")
            }
            if isDrained { assignments.drained.insert(site) } else { assignments.drained.remove(site) }
        }
    }

    private func change(
        expecting expected: Generation?, manner: Manner,
        _ edit: @escaping @Sendable (inout Assignments, MeshDerivation) throws -> Void
    ) async throws -> Generation {
        try await serially {
            try await self.requireRest(expecting: expected)
            guard let content = await self.control.content, let mesh = await self.control.mesh,
                let record = try await self.generation(self.control.generation)
            else {
                throw ControllerError.nothingToDo(
                    "no inventory has been applied yet: 'warren apply' makes the first generation")
            }
            var assignments = content.assignments
            try edit(&assignments, mesh)
            let candidate = try await self.candidate(record.files, assignments: assignments)
            return try await self.accept(candidate, files: record.files, manner: manner)
        }
    }

    /// The content of an earlier generation as a new one. Sites that have left since are the same sites again.
    public func rollBack(
        to generation: Generation, manner: Manner = Manner(), expecting expected: Generation? = nil
    ) async throws -> Generation {
        try await serially {
            try await self.requireRest(expecting: expected)
            guard let record = try await self.generation(generation) else {
                throw ControllerError.unknownGeneration(generation)
            }
            guard await generation != self.control.generation else {
                throw ControllerError.nothingToDo(
                    "generation \(generation) is the current one: 'warren history' lists the earlier")
            }
            let candidate = try await self.candidate(
                record.files, assignments: self.returning(to: record), reviving: generation)
            return try await self.accept(candidate, files: record.files, manner: manner)
        }
    }

    /// Ends the trust in the agent of a site, at once: its certificate and its tokens are good for nothing, its session ends,
    /// and its peers use other keys for their links to it. A roll-out that is under way goes on. Another gateway can be enrolled
    /// for the site.
    public func revoke(_ site: SiteName) async throws -> Generation {
        try await serially { try await self.endTrust(in: site) }
    }

    private func endTrust(in name: SiteName) async throws -> Generation {
        guard let site = sites.live[name] else { throw ControllerError.unknownSite(name) }
        guard enrolled.contains(site.id) else {
            throw ControllerError.nothingToDo(
                "no agent is enrolled for '\(name)': there is nothing to revoke, 'warren token create' lets one enrol")
        }
        let decision = decisions.decide([.compromised(name)], now: options.clock.monotonic())
        let record = decision.control.record
        Failpoint.controllerRevokeDecided.pass()
        try await translatingStoreErrors { try await store.revoke(site.id, control: record) }
        Failpoint.controllerRevokeStored.pass()
        kept(decision)
        enrolled.remove(site.id)
        sessions[site.id]?.end(.unauthenticated("the certificate of site '\(name)' was revoked"))
        await carryOut(decision)
        await note(
            .agentRevoked, site: name,
            text: "the agent of '\(name)' was revoked; its peers use other keys for their links to it")
        return control.generation
    }

    /// Tells the roll-out that is under way what to do.
    ///
    /// - Parameter generation: whose roll-out is meant; nil: whichever is under way.
    public func order(_ command: RolloutCommand, rolloutOf generation: Generation? = nil) async throws {
        try await serially { try await self.obey(command, generation) }
    }

    private func obey(_ command: RolloutCommand, _ generation: Generation?) async throws {
        if let generation, generation != control.generation {
            throw ControllerError.generationConflict(current: control.generation)
        }
        guard control.isRollingOut, let rollout = control.rollout else {
            throw ControllerError.nothingToDo(
                "no roll-out is under way: "
                    + (command == .rollBack
                        ? "'warren rollback' leads the mesh to an earlier generation"
                        : "'warren rollout list' shows those that were"))
        }
        switch command {
        case .pause where rollout.state != .running:
            throw ControllerError.nothingToDo("the roll-out does not run: 'warren rollout' shows how it stands")
        case .rollBack where rollout.kind == .rollBack:
            throw ControllerError.nothingToDo(
                "this roll-out is a rolling back itself: abort it ('warren rollout abort'), and apply what shall be")
        case .resume(let without):
            if let stranger = without.sorted().first(where: { sites.live[$0] == nil }) {
                throw ControllerError.unknownSite(stranger)
            }
            guard rollout.state != .running || !without.isEmpty else {
                throw ControllerError.nothingToDo("the roll-out runs already: 'warren rollout watch' follows it")
            }
        default: break
        }
        Failpoint.controllerOrderChecked.pass()
        try await take([.command(command)])
        Failpoint.controllerOrderObeyed.pass()
    }
}
