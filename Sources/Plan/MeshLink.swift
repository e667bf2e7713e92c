import WarrenInventory
import WarrenModel

/// One link, seen from one of its gateways; shared by all that is derived from it.
final class MeshLink {
    let local: MeshNode
    let remote: MeshNode
    let isInitiator: Bool
    let parameters: IPsecParameters
    let keyEpoch: UInt32
    let keyFloor: UInt32?
    /// What the tunnel carries.
    let families: [AddressFamily]

    init(
        local: MeshNode, remote: MeshNode, isInitiator: Bool, parameters: IPsecParameters, keyEpoch: UInt32, keyFloor: UInt32?,
        families: [AddressFamily]
    ) {
        self.local = local
        self.remote = remote
        self.isInitiator = isInitiator
        self.parameters = parameters
        self.keyEpoch = keyEpoch
        self.keyFloor = keyFloor
        self.families = families
    }

    /// The remote network's route into the tunnel; nil for a network of a family that the tunnel does not carry: it stays
    /// unreachable.
    func route(to network: IPPrefix) -> Route? {
        guard families.contains(network.family) else { return nil }
        let inner = remote.innerAddress
        return Route(
            destination: network, via: network.family == inner.family ? inner : nil, interface: remote.interface)
    }
}

extension GatewayPlan {
    /// Adds all that one link needs.
    ///
    /// Nothing when the two can't have a link: they are one site, or share no family of public addresses. In an inventory
    /// that was checked, the only such pairs are those with an address that is not known yet.
    mutating func addLink(_ link: MeshLink) {
        let local = link.local, remote = link.remote, parameters = link.parameters
        let peer = remote.site.name, interface = remote.interface
        guard let id = LinkID(local.site.name, peer) else { return }
        guard let outer = local.outer(to: remote) else {
            if let end = [remote, local].first(where: \.isAwaited)?.site {
                awaiting.append(AwaitedPeer(peer: peer, site: end.name, source: end.gateway.publicAddressSource))
            }
            return
        }
        let inner = AddressPair(local: local.innerAddress, remote: remote.innerAddress)
        let ends = (local: IPPrefix(host: outer.local), remote: IPPrefix(host: outer.remote))
        let selectors = link.families.map {
            TrafficSelector(source: ends.local, destination: ends.remote, ipProtocol: $0.encapsulationProtocol)
        }
        let isEmbedded = local.site.gateway.platform == .embedded || remote.site.gateway.platform == .embedded
        let mtu = PathMTU.largestInnerPacket(
            of: parameters, pathMTU: min(local.site.gateway.mtu, remote.site.gateway.mtu), outerFamily: outer.local.family,
            udpEncapsulation: parameters.encapsulation.usesUDP(isEmbedded: isEmbedded))

        tunnels.append(
            GIFTunnel(peer: peer, interface: interface, outer: outer, inner: inner, mtu: mtu, mode: parameters.mode))
        addRoutes(to: remote.networks, through: link)
        for selector in selectors {
            policies.append(
                SecurityPolicy(peer: peer, direction: .outbound, selector: selector, mode: parameters.mode))
            policies.append(
                SecurityPolicy(peer: peer, direction: .inbound, selector: selector.reversed, mode: parameters.mode))
        }
        let reference = PSKReference(link: id, epoch: link.keyEpoch)
        keys.append(Key(peer: peer, reference: reference))
        firewall.appendRules(of: outer, interface: interface, families: link.families)
        ike.append(
            IKEPeer(
                peer: peer, outer: outer, initiator: link.isInitiator, parameters: parameters, selectors: selectors,
                key: reference, keyFloor: link.keyFloor))
    }

    /// Leads networks into the link's tunnel: those of its other end, or of a site that the other end passes packets to.
    mutating func addRoutes(to networks: [IPPrefix], through link: MeshLink) {
        for network in networks {
            if let route = link.route(to: network) { routes.append(route) }
        }
    }
}
