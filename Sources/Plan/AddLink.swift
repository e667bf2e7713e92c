import WarrenInventory
import WarrenModel

extension GatewayPlan {
    /// Adds all that one link needs on the gateway of `local`.
    ///
    /// Nothing when the two can't have a link: they are one site, or share no family of public addresses. An inventory
    /// that was checked has no such pair.
    mutating func addLink(from local: MeshNode, to remote: MeshNode, keyEpochs: [LinkID: UInt32]) {
        let peer = remote.site.name, interface = remote.interface
        guard let link = LinkID(local.site.name, peer), let outer = local.outer(to: remote) else { return }
        // Where the two ends say different things, both follow the one that starts the link.
        let isInitiator = link.first == local.site.name
        let parameters = (isInitiator ? local : remote).site.gateway.ipsec
        let inner = AddressPair(local: local.site.gateway.privateAddress, remote: remote.site.gateway.privateAddress)
        let families = local.families(to: remote)
        let ends = (local: IPPrefix(host: outer.local), remote: IPPrefix(host: outer.remote))
        let selectors = families.map {
            TrafficSelector(source: ends.local, destination: ends.remote, ipProtocol: $0.encapsulationProtocol)
        }
        let isEmbedded = local.site.gateway.platform == .embedded || remote.site.gateway.platform == .embedded

        tunnels.append(
            GIFTunnel(
                peer: peer, interface: interface, outer: outer, inner: inner,
                mtu: largestInnerPacket(parameters, over: outer.local.family, udpEncapsulation: isEmbedded),
                mode: parameters.mode))
        // A network of a family that the tunnel does not carry stays unreachable.
        for network in remote.networks where families.contains(network.family) {
            let via = network.family == inner.remote.family ? inner.remote : nil
            routes.append(Route(destination: network, via: via, interface: interface))
        }
        for selector in selectors {
            policies.append(
                SecurityPolicy(peer: peer, direction: .outbound, selector: selector, mode: parameters.mode))
            policies.append(
                SecurityPolicy(peer: peer, direction: .inbound, selector: selector.reversed, mode: parameters.mode))
        }
        let reference = PSKReference(link: link, epoch: keyEpochs[link] ?? Plan.firstKeyEpoch)
        keys.append(Key(peer: peer, reference: reference))
        firewall.appendRules(of: outer, interface: interface, families: families)
        ike.append(
            IKEPeer(
                peer: peer, outer: outer, initiator: isInitiator, parameters: parameters, selectors: selectors,
                key: reference))
    }
}

/// What fits whichever of the proposals is chosen.
private func largestInnerPacket(
    _ parameters: IPsecParameters, over family: AddressFamily, udpEncapsulation: Bool
) -> Int {
    var smallest = PathMTU.assumed
    for proposal in parameters.child.proposals {
        let size = PathMTU.largestInnerPacket(
            outerFamily: family, mode: parameters.mode, udpEncapsulation: udpEncapsulation,
            encryption: proposal.encryption)
        smallest = min(smallest, size)
    }
    return smallest
}
