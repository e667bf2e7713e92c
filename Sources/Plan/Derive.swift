import WarrenInventory
import WarrenModel

extension Plan {
    /// The epoch of a link's key that was never rotated.
    public static let firstKeyEpoch: UInt32 = 1

    /// What every gateway of the mesh must run. Pure: the same arguments give the same plan.
    ///
    /// - `indexes`: the numbers that sites have already; see `SiteIndexes.assign`.
    /// - `keyEpochs`: the epochs of links whose key was rotated.
    public static func derive(
        from inventory: Inventory, indexes: [SiteName: Int] = [:], keyEpochs: [LinkID: UInt32] = [:]
    ) -> Plan {
        let mesh = MeshDerivation(inventory, indexes: indexes, keyEpochs: keyEpochs)
        return Plan(mesh: inventory.mesh, gateways: Array(mesh))
    }
}

extension GatewayPlan {
    /// The part of `Plan.derive` that is one site's, at the cost of its own links alone; nil when there is no such site.
    public static func derive(
        for site: SiteName, from inventory: Inventory, indexes: [SiteName: Int] = [:], keyEpochs: [LinkID: UInt32] = [:]
    ) -> GatewayPlan? {
        MeshDerivation(inventory, indexes: indexes, keyEpochs: keyEpochs)[site]
    }
}
