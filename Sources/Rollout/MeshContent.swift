import WarrenInventory
import WarrenModel
import WarrenPlan

/// What a generation holds: its inventory, and what was assigned to its sites and links.
public struct MeshContent: Sendable {
    public let inventory: Inventory
    public let assignments: Assignments

    public init(_ inventory: Inventory, assignments: Assignments) {
        self.inventory = inventory
        self.assignments = assignments
    }

    /// Its mesh with the addresses that are known by now, and with no key older than `keyFloors`.
    func mesh(addresses: [SiteName: [IPAddress]], keyFloors: [LinkID: UInt32]) -> MeshDerivation {
        var newest = assignments
        newest.addresses.merge(addresses) { $1 }
        return MeshDerivation(inventory, assignments: newest, keyFloors: keyFloors)
    }
}

extension GatewayPlan {
    /// What the gateway of a site that has left the mesh runs: nothing between it and anybody.
    public var withdrawn: GatewayPlan {
        GatewayPlan(
            site: site, platform: platform, index: index, outerAddresses: outerAddresses, innerAddress: innerAddress,
            networks: networks)
    }
}
