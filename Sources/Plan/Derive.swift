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

/// A site with what all its peers need of it, worked out once.
private struct MeshNode {
    let site: Site
    let index: Int
    /// What its peers call the tunnel to it.
    let interface: String
    let networks: [IPPrefix]

    init(_ site: Site, index: Int) {
        self.site = site
        self.index = index
        interface = "gif\(index)"
        networks = site.networks.sorted()
    }

    func plan(peers: [MeshNode], keyEpochs: [LinkID: UInt32]) -> GatewayPlan {
        var plan = GatewayPlan(
            site: site.name, platform: site.gateway.platform, index: index,
            outerAddresses: site.gateway.publicAddresses.sorted(), innerAddress: site.gateway.privateAddress,
            networks: networks)
        for peer in peers where peer.site.name != site.name {
            plan.unreachable += peer.networks
            let epoch = LinkID(site.name, peer.site.name).flatMap { keyEpochs[$0] } ?? Plan.firstKeyEpoch
            guard
                let link = LinkPlan(
                    local: site, remote: peer.site, remoteNetworks: peer.networks, interface: peer.interface, keyEpoch: epoch)
            else { continue }
            plan.tunnels.append(link.tunnel)
            plan.routes += link.routes
            plan.policies += link.policies
            plan.keys.append(link.key)
            plan.firewall += link.firewall
            plan.ike.append(link.ike)
        }
        return plan
    }
}
