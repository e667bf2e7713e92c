import WarrenInventory
import WarrenModel
import WarrenPlan

extension MeshControl {
    /// The links of the current generation that there can be none for yet, since an end's public address is not known. Costs as
    /// much as the sites have links whose address is awaited.
    public var awaitedLinks: [LinkID: GatewayPlan.AwaitedPeer] {
        guard let content, let mesh else { return [:] }
        let known = content.assignments.addresses.merging(record.addresses) { $1 }
        var links: [LinkID: GatewayPlan.AwaitedPeer] = [:]
        for site in content.inventory.sites
        where site.gateway.publicAddressSource != .inventory && known[site.name]?.isEmpty ?? true {
            for awaited in mesh[site.name]?.awaiting ?? [] { LinkID(site.name, awaited.peer).map { links[$0] = awaited } }
        }
        return links
    }
}
