import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStore

/// What may become the next generation: checked, and with the identities and numbers that its sites have or would get.
struct Candidate: Sendable {
    let content: MeshContent
    let mesh: MeshDerivation
    /// The records of sites that come, go, or get another number.
    let changedSites: [SiteRecord]

    var assignments: Assignments { content.assignments }
}

extension Controller {
    /// What a caller may say: far enough from the end of the numbers that no rotation gets there.
    private static let latestKeyEpoch = UInt32.max / 2

    /// The candidate that `files` make, counted from the current generation.
    ///
    /// - Parameters:
    ///   - assignments: key epochs, addresses and drained sites; nil: those of the current generation. What they say of sites
    ///     that the files don't declare is dropped. Numbers in it must be the ones that the sites have or would get. Epochs of
    ///     keys never fall, whatever it says.
    ///   - isUndoing: what was begun since `generation` counts for nothing: epochs of keys are what they were, unless the keys
    ///     were given away.
    ///   - generation: sites that this one had, and that have left since, are the same sites again.
    func candidate(
        _ files: [InventoryFile], assignments: Assignments? = nil, reviving generation: Generation? = nil,
        isUndoing: Bool = false
    ) throws -> Candidate {
        let load = Inventory.loadAndTest(files)
        guard let inventory = load.inventory, load.diagnostics.isEmpty else { throw ControllerError.rejected(load.diagnostics) }
        if let mesh = control.mesh?.mesh, mesh != inventory.mesh {
            throw ControllerError.forbidden(
                "this controller serves the mesh '\(mesh)', and the inventory is of '\(inventory.mesh)': is it the right file? "
                    + "Another mesh needs a warrend with a --state of its own")
        }
        var random = SystemRandomNumberGenerator()
        let (indexes, changed) = sites.advanced(
            to: control.generation.next, sites: inventory.sites.map(\.name),
            pinned: Dictionary(inventory.sites.compactMap { site in site.index.map { (site.name, $0) } }) { first, _ in first },
            reviving: generation, using: &random)
        var next = assignments ?? control.content?.assignments ?? .none
        if let wanted = assignments?.indexes, let other = wanted.first(where: { indexes[$0.key] != $0.value }) {
            let known = indexes[other.key].map { "the number \($0)" } ?? "no number"
            throw ControllerError.changed("site '\(other.key)' would have \(known) here, not \(other.value)")
        }
        guard (assignments?.keyEpochs.values.max() ?? 0) <= Self.latestKeyEpoch else {
            throw ControllerError.malformed("the epoch of a key is at most \(Self.latestKeyEpoch)")
        }
        next.indexes = indexes
        if !isUndoing { next.keyEpochs.merge(control.content?.assignments.keyEpochs ?? [:]) { max($0, $1) } }
        next.keyEpochs.merge(control.record.keyFloors) { max($0, $1) }
        next.keyEpochs = next.keyEpochs.filter { $0.key.sites.allSatisfy { indexes[$0] != nil } }
        next.addresses.merge(control.record.addresses) { $1 }
        next.addresses = next.addresses.filter { indexes[$0.key] != nil }
        next.drained = next.drained.filter { indexes[$0] != nil }
        return Candidate(
            content: MeshContent(inventory, assignments: next),
            mesh: MeshDerivation(inventory, assignments: next, keyFloors: control.record.keyFloors), changedSites: changed)
    }

    /// What the sites and links of an earlier generation had, to be had again: numbers are as they are now.
    func returning(to record: GenerationRecord) -> Assignments {
        var assignments = record.assignments
        assignments.indexes = [:]
        assignments.addresses = [:]
        return assignments
    }

    /// A generation that was accepted; its promises were answered then.
    static func content(of record: GenerationRecord) throws(ControllerError) -> MeshContent {
        let load = Inventory.load(record.files)
        guard let inventory = load.inventory else {
            let faults = load.diagnostics.map(\.description).joined(separator: "\n")
            throw .failed("the inventory of generation \(record.generation) is not one that this version takes:\n\(faults)")
        }
        return MeshContent(inventory, assignments: record.assignments)
    }

    /// The mesh of any accepted generation that is kept, with no key that was given up since; nil when there is none of that
    /// number.
    public nonisolated func mesh(of generation: Generation) async throws -> MeshDerivation? {
        guard let record = try await self.generation(generation) else { return nil }
        let content = try Self.content(of: record)
        let floors = await control.record.keyFloors
        return MeshDerivation(content.inventory, assignments: content.assignments, keyFloors: floors)
    }

    /// What the gateways of sites that go shall run: their own plan without any tunnel.
    func withdrawn(_ changed: [SiteRecord]) -> [SiteID: GatewayPlan] {
        var plans: [SiteID: GatewayPlan] = [:]
        for site in changed where site.retired != nil {
            plans[site.id] = control.mesh?[site.name]?.withdrawn
        }
        return plans
    }
}
