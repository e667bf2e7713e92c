import WarrenInventory
import WarrenModel

/// What a mesh has beside its inventory: what was given to its sites and links in the course of time, and is kept for them.
/// Inventory and assignments together determine the plan.
public struct Assignments: Sendable, Hashable, Codable {
    /// The numbers that sites have already; see `SiteIndexes.assign`.
    public var indexes: [SiteName: Int]
    /// The epochs of links whose key was rotated; the others are at `Plan.firstKeyEpoch`.
    public var keyEpochs: [LinkID: UInt32]
    /// The public addresses of sites that the inventory doesn't say: learned from their agents, or looked up by name. At most
    /// one of each family for a site; ignored for a site whose addresses the inventory says.
    public var addresses: [SiteName: [IPAddress]]
    /// Sites that an operator drained without touching the inventory.
    public var drained: Set<SiteName>

    public init(
        indexes: [SiteName: Int] = [:], keyEpochs: [LinkID: UInt32] = [:], addresses: [SiteName: [IPAddress]] = [:],
        drained: Set<SiteName> = []
    ) {
        self.indexes = indexes
        self.keyEpochs = keyEpochs
        self.addresses = addresses
        self.drained = drained
    }

    public static let none = Assignments()
}

extension Inventory {
    /// The inventory as it stands once what was assigned is said in it, but for the indexes and epochs.
    func with(_ assignments: Assignments) -> Inventory {
        guard !assignments.addresses.isEmpty || !assignments.drained.isEmpty else { return self }
        var inventory = self
        for index in sites.indices {
            let site = sites[index]
            if assignments.drained.contains(site.name) { inventory.sites[index].isDrained = true }
            if site.gateway.publicAddressSource != .inventory, let learned = assignments.addresses[site.name] {
                inventory.sites[index].gateway.publicAddresses = learned
            }
        }
        return inventory
    }
}
