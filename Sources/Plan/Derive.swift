import WarrenInventory
import WarrenModel

extension Plan {
    /// The epoch of a link's key that was never rotated.
    public static let firstKeyEpoch: UInt32 = 1

    /// What every gateway of the mesh must run. Pure: the same arguments give the same plan.
    ///
    /// A link to a site whose public address nothing tells yet has no tunnel; its ends name it under `awaiting`.
    public static func derive(from inventory: Inventory, assignments: Assignments = .none) -> Plan {
        let mesh = MeshDerivation(inventory, assignments: assignments)
        return Plan(mesh: inventory.mesh, gateways: Array(mesh))
    }
}

extension GatewayPlan {
    /// The part of `Plan.derive` that is one site's, at the cost of its own links alone; nil when there is no such site.
    public static func derive(
        for site: SiteName, from inventory: Inventory, assignments: Assignments = .none
    ) -> GatewayPlan? {
        MeshDerivation(inventory, assignments: assignments)[site]
    }
}
