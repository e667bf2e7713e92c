import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStore

/// What may become the next generation: checked, and with the identities and numbers that its sites have or would get.
struct Candidate: Sendable {
    let assignments: Assignments
    let mesh: MeshDerivation
    /// The records of sites that come, go, or get another number.
    let changedSites: [SiteRecord]
}

extension Controller {
    /// The candidate that `files` make, counted from the current generation.
    ///
    /// - Parameter assignments: key epochs, addresses and drained sites; nil: those of the current generation. What they say of
    ///   sites that the files don't declare is dropped. Numbers in it must be the ones that the sites have or would get.
    func candidate(_ files: [InventoryFile], assignments: Assignments? = nil) throws -> Candidate {
        let load = Inventory.loadAndTest(files)
        guard let inventory = load.inventory, load.diagnostics.isEmpty else { throw ControllerError.rejected(load.diagnostics) }
        if let mesh = current?.mesh.mesh, mesh != inventory.mesh {
            throw ControllerError.forbidden(
                "this controller serves the mesh '\(mesh)', and the inventory is of '\(inventory.mesh)': is it the right file? "
                    + "Another mesh needs a warrend with a --state of its own")
        }
        var random = SystemRandomNumberGenerator()
        let (indexes, changed) = sites.advanced(
            to: (current?.generation ?? .none).next, sites: inventory.sites.map(\.name),
            pinned: Dictionary(inventory.sites.compactMap { site in site.index.map { (site.name, $0) } }) { first, _ in first },
            using: &random)
        var next = assignments ?? current?.assignments ?? .none
        if let wanted = assignments?.indexes, let other = wanted.first(where: { indexes[$0.key] != $0.value }) {
            throw ControllerError.malformed(
                "site '\(other.key)' has the number \(indexes[other.key].map(String.init) ?? "of no site here"), not \(other.value)"
            )
        }
        next.indexes = indexes
        next.keyEpochs = next.keyEpochs.filter { $0.key.sites.allSatisfy { indexes[$0] != nil } }
        next.addresses = next.addresses.filter { indexes[$0.key] != nil }
        next.drained = next.drained.filter { indexes[$0] != nil }
        return Candidate(
            assignments: next, mesh: MeshDerivation(inventory, assignments: next), changedSites: changed)
    }

    /// The mesh of a generation that was accepted; its promises were answered then.
    static func mesh(of record: GenerationRecord) throws(ControllerError) -> MeshDerivation {
        let load = Inventory.load(record.files)
        guard let inventory = load.inventory else {
            let faults = load.diagnostics.map(\.description).joined(separator: "\n")
            throw .failed("the inventory of generation \(record.generation) is not one that this version takes:\n\(faults)")
        }
        return MeshDerivation(inventory, assignments: record.assignments)
    }

    /// The mesh of any accepted generation; nil when there is none of that number.
    nonisolated func mesh(of generation: Generation) async throws -> MeshDerivation? {
        try await self.generation(generation).map { try Self.mesh(of: $0) }
    }

    /// What the gateways of sites that go shall run: their own plan without any tunnel.
    func withdrawn(_ changed: [SiteRecord]) -> [SiteID: GatewayPlan] {
        var plans: [SiteID: GatewayPlan] = [:]
        for site in changed where site.retired != nil {
            guard let last = current?.mesh[site.name] else { continue }
            plans[site.id] = GatewayPlan(
                site: last.site, platform: last.platform, index: last.index, outerAddresses: last.outerAddresses,
                innerAddress: last.innerAddress, networks: last.networks)
        }
        return plans
    }
}
