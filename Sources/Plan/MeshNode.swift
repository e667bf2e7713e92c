import WarrenInventory
import WarrenModel

/// A site with what all its links need of it, worked out once for the whole mesh.
struct MeshNode: Sendable {
    let site: Site
    let index: Int
    /// What its peers call the tunnel to it.
    let interface: String
    /// In order.
    let networks: [IPPrefix]
    private let hasIPv4: Bool
    private let hasIPv6: Bool

    init(_ site: Site, index: Int) {
        self.site = site
        self.index = index
        interface = "gif\(index)"
        networks = site.networks.sorted()
        hasIPv4 = networks.contains { $0.family == .ipv4 }
        hasIPv6 = networks.contains { $0.family == .ipv6 }
    }

    /// It has networks of the family.
    func has(_ family: AddressFamily) -> Bool { family == .ipv4 ? hasIPv4 : hasIPv6 }

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

    /// The gateway without any link, with room for them.
    func emptyPlan(links: Int, networks: Int) -> GatewayPlan {
        var plan = GatewayPlan(
            site: site.name, platform: site.gateway.platform, index: index,
            outerAddresses: site.gateway.publicAddresses.sorted(), innerAddress: site.gateway.privateAddress,
            networks: self.networks)
        plan.unreachable.reserveCapacity(networks)
        plan.tunnels.reserveCapacity(links)
        plan.keys.reserveCapacity(links)
        plan.ike.reserveCapacity(links)
        plan.policies.reserveCapacity(links * 2)
        plan.firewall.reserveCapacity(links * 12)
        return plan
    }
}
