import WarrenInventory
import WarrenModel

/// What one gateway needs of one peer, before it is sorted into the parts of its plan.
struct LinkPlan {
    let tunnel: GIFTunnel
    let routes: [Route]
    let policies: [SecurityPolicy]
    let key: GatewayPlan.Key
    let firewall: [FirewallRule]
    let ike: IKEPeer

    /// Nil when the two can't have a link: they are one site, or share no family of public addresses. An inventory that
    /// was checked has no such pair.
    init?(local: Site, remote: Site, remoteNetworks: [IPPrefix], interface: String, keyEpoch: UInt32) {
        guard let link = LinkID(local.name, remote.name), let outer = Self.outer(local.gateway, remote.gateway) else {
            return nil
        }
        // Where the two ends say different things, both follow the one that starts the link.
        let isInitiator = link.first == local.name
        let parameters = (isInitiator ? local : remote).gateway.ipsec
        let inner = AddressPair(local: local.gateway.privateAddress, remote: remote.gateway.privateAddress)
        let families = Self.families(local, remote)
        let selectors = families.map {
            TrafficSelector(
                source: IPPrefix(host: outer.local), destination: IPPrefix(host: outer.remote),
                ipProtocol: $0.encapsulationProtocol)
        }
        let encapsulatesInUDP = [local, remote].contains { $0.gateway.platform == .embedded }
        let mtu = parameters.child.proposals.map {
            PathMTU.largestInnerPacket(
                outerFamily: outer.local.family, mode: parameters.mode, udpEncapsulation: encapsulatesInUDP,
                encryption: $0.encryption)
        }.min()

        tunnel = GIFTunnel(
            peer: remote.name, interface: interface, outer: outer, inner: inner, mtu: mtu ?? 1280, mode: parameters.mode)
        routes = remoteNetworks.filter { families.contains($0.family) }.map {
            Route(destination: $0, via: $0.family == inner.remote.family ? inner.remote : nil, interface: interface)
        }
        policies = selectors.flatMap { selector in
            [
                SecurityPolicy(peer: remote.name, direction: .outbound, selector: selector, mode: parameters.mode),
                SecurityPolicy(peer: remote.name, direction: .inbound, selector: selector.reversed, mode: parameters.mode),
            ]
        }
        let reference = PSKReference(link: link, epoch: keyEpoch)
        key = GatewayPlan.Key(peer: remote.name, reference: reference)
        firewall = firewallRules(outer: outer, interface: interface, families: families)
        ike = IKEPeer(
            peer: remote.name, outer: outer, initiator: isInitiator, parameters: parameters, selectors: selectors,
            key: reference)
    }

    /// The public addresses that the link runs between: IPv4 when both ends have it, or else IPv6.
    private static func outer(_ local: Gateway, _ remote: Gateway) -> AddressPair? {
        for family in AddressFamily.allCases {
            if let a = local.publicAddresses.first(where: { $0.family == family }),
                let b = remote.publicAddresses.first(where: { $0.family == family })
            {
                return AddressPair(local: a, remote: b)
            }
        }
        return nil
    }

    /// The families that the tunnel carries: that of the inner addresses, and any that both ends have networks of.
    private static func families(_ local: Site, _ remote: Site) -> [AddressFamily] {
        AddressFamily.allCases.filter { family in
            local.gateway.privateAddress.family == family
                || [local, remote].allSatisfy { $0.networks.contains { $0.family == family } }
        }
    }
}
