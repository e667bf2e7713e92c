import WarrenInventory
import WarrenModel

extension Plan {
    /// The epoch of a link's key that was never rotated.
    public static let firstKeyEpoch: UInt32 = 1

    /// What every gateway of a full mesh must run. Pure: the same arguments give the same plan.
    ///
    /// - `indexes`: the numbers that sites have already; see `SiteIndexes.assign`.
    /// - `keyEpochs`: the epochs of links whose key was rotated.
    public static func derive(
        from inventory: Inventory, indexes: [SiteName: Int] = [:], keyEpochs: [LinkID: UInt32] = [:]
    ) -> Plan {
        let indexes = SiteIndexes.assign(inventory.sites, known: indexes)
        let nodes = inventory.sites.map { MeshNode($0, index: indexes[$0.name] ?? 0) }.sorted { $0.site.name < $1.site.name }
        return Plan(mesh: inventory.mesh, gateways: nodes.map { $0.plan(peers: nodes, keyEpochs: keyEpochs) })
    }
}
