import WarrenInventory
import WarrenModel

/// A site with what all its links need of it, worked out once for the whole mesh, and shared by its links.
final class MeshNode: Sendable, Equatable {
    let site: Site
    let index: Int
    /// What its peers call the tunnel to it.
    let interface: String
    /// As the other sites see them, in order.
    let networks: [IPPrefix]
    /// The gateway's private address as its peers see it: the inner address of its end of every tunnel.
    let innerAddress: IPAddress
    private let hasIPv4: Bool
    private let hasIPv6: Bool

    init(_ site: Site, index: Int) {
        self.site = site
        self.index = index
        interface = "gif\(index)"
        let visible = Dictionary(site.translations.map { ($0.network, $0.visible) }) { first, _ in first }
        networks = site.networks.map { visible[$0] ?? $0 }.sorted()
        let privateAddress = site.gateway.privateAddress
        innerAddress = site.translations.lazy.compactMap { $0.outward(privateAddress) }.first ?? privateAddress
        hasIPv4 = networks.contains { $0.family == .ipv4 }
        hasIPv6 = networks.contains { $0.family == .ipv6 }
    }

    /// All else follows from the two.
    static func == (a: MeshNode, b: MeshNode) -> Bool { a === b || a.index == b.index && a.site == b.site }

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

    /// Its public addresses are yet to be learned.
    var isAwaited: Bool { site.gateway.publicAddresses.isEmpty }

    /// The gateway without any link, with room for them.
    func emptyPlan(links: Int, networks: Int) -> GatewayPlan {
        var plan = GatewayPlan(
            site: site.name, platform: site.gateway.platform, index: index,
            outerAddresses: site.gateway.publicAddresses.sorted(), innerAddress: site.gateway.privateAddress,
            networks: site.networks.sorted(), unreachable: site.translations.map(\.visible), translations: site.translations)
        plan.unreachable.reserveCapacity(networks)
        plan.tunnels.reserveCapacity(links)
        plan.keys.reserveCapacity(links)
        plan.ike.reserveCapacity(links)
        plan.policies.reserveCapacity(links * 2)
        plan.firewall.reserveCapacity(links * 12)
        return plan
    }
}
