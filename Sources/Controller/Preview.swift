import WarrenInventory
import WarrenModel
import WarrenPlan

extension Controller {
    /// What would change if something were accepted now.
    public struct Preview: Sendable {
        /// The generation that this is counted from.
        public let current: Generation
        /// What the sites and links would have.
        public let assignments: Assignments
        public let changes: ChangeSet
    }

    /// What would change if `files` were accepted now. Compared outside the actor, which serves agents meanwhile.
    ///
    /// - Parameters:
    ///   - assignments: as for `accept`.
    ///   - site: the only gateway to be told of, with all its changes; nil: every one, as far as they are not too many.
    public nonisolated func preview(
        _ files: [InventoryFile], assignments: Assignments? = nil, of site: SiteName? = nil
    ) async throws -> Preview {
        let (current, candidate) = try await proposed(files, assignments)
        let comparison = MeshComparison(from: current?.mesh, to: candidate.mesh)
        if let site, candidate.mesh[site] == nil, current?.mesh[site] == nil { throw ControllerError.unknownSite(site) }
        return Preview(
            current: current?.generation ?? .none, assignments: candidate.assignments,
            changes: comparison.changeSet(of: site))
    }

    private func proposed(
        _ files: [InventoryFile], _ assignments: Assignments?
    ) throws -> (current: (generation: Generation, mesh: MeshDerivation)?, candidate: Candidate) {
        (currentMesh, try candidate(files, assignments: assignments))
    }

    /// Throws unless the changes that `candidate` makes are those that the operator has seen; `fingerprint` nil: whichever.
    nonisolated func require(_ fingerprint: String?, of candidate: Candidate) async throws {
        guard let fingerprint else { return }
        let changes = MeshComparison(from: await currentMesh?.mesh, to: candidate.mesh).changeSet(.summary)
        guard changes.summary.fingerprint == fingerprint else {
            throw ControllerError.changed("what would change is not what was shown")
        }
    }
}
