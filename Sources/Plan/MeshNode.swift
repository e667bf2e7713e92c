import WarrenInventory
import WarrenModel

/// A site with what all its links need of it, worked out once for the whole mesh.
struct MeshNode {
    let site: Site
    let index: Int
    /// What its peers call the tunnel to it.
    let interface: String
    /// In order.
    let networks: [IPPrefix]
    let networkFamilies: Set<AddressFamily>

    init(_ site: Site, index: Int) {
        self.site = site
        self.index = index
        interface = "gif\(index)"
        networks = site.networks.sorted()
        networkFamilies = Set(networks.map(\.family))
    }

    /// The public addresses that a link runs between: IPv4 when both ends have it, or else IPv6.
    func outer(to peer: MeshNode) -> AddressPair? {
        for family in AddressFamily.allCases {
            if let local = site.gateway.publicAddresses.first(where: { $0.family == family }),
                let remote = peer.site.gateway.publicAddresses.first(where: { $0.family == family })
            {
                return AddressPair(local: local, remote: remote)
            }
        }
        return nil
    }

    /// The families that a tunnel carries: that of the inner addresses, and any that both ends have networks of.
    func families(to peer: MeshNode) -> [AddressFamily] {
        let inner = site.gateway.privateAddress.family
        return AddressFamily.allCases.filter {
            $0 == inner || (networkFamilies.contains($0) && peer.networkFamilies.contains($0))
        }
    }

    /// What this site's gateway must run to reach all `peers`.
    func plan(peers: [MeshNode], keyEpochs: [LinkID: UInt32]) -> GatewayPlan {
        var plan = GatewayPlan(
            site: site.name, platform: site.gateway.platform, index: index,
            outerAddresses: site.gateway.publicAddresses.sorted(), innerAddress: site.gateway.privateAddress,
            networks: networks)
        plan.tunnels.reserveCapacity(peers.count)
        plan.keys.reserveCapacity(peers.count)
        plan.ike.reserveCapacity(peers.count)
        plan.policies.reserveCapacity(peers.count * 2)
        plan.firewall.reserveCapacity(peers.count * 12)
        for peer in peers where peer.site.name != site.name {
            plan.unreachable += peer.networks
            plan.addLink(from: self, to: peer, keyEpochs: keyEpochs)
        }
        return plan
    }
}
