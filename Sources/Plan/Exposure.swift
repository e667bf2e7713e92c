import WarrenModel

/// A way by which a packet for another site's network could leave a gateway in the clear. A derived plan has none: that
/// `exposures` is empty is the proof.
public struct Exposure: Sendable, Hashable, Codable, CustomStringConvertible {
    public let site: SiteName
    public let reason: String
    public var description: String { "\(site): \(reason)" }
}

extension GatewayPlan {
    /// Every way by which a packet for one of `networks`, those of all other sites, could leave this gateway in the clear.
    ///
    /// There is none when each network is kept from the default route, each route leads into a tunnel, and for each tunnel,
    /// both directions, and both protocols that it could carry, what ESP does not protect is dropped; and what it does
    /// carry, a policy protects.
    public func exposures(protecting networks: [IPPrefix]) -> [Exposure] {
        let barriers = Set(unreachable)
        let kept = { (network: IPPrefix) in barriers.contains(network) || unreachable.contains { $0.contains(network) } }
        var reasons = networks.filter { !kept($0) }.map { "\($0) may take the default route" }
        let interfaces = Set(tunnels.map(\.interface))
        reasons += routes.filter { !interfaces.contains($0.interface) }.map {
            "\($0.destination) is led through \($0.interface), which is no tunnel"
        }
        var families: [String: Set<AddressFamily>] = [:]
        for route in routes { families[route.interface, default: []].insert(route.destination.family) }
        let policies = Dictionary(grouping: self.policies, by: \.peer)
        let rules = Dictionary(grouping: firewall.filter { $0.interface == nil }) {
            $0.direction == .inbound ? $0.source : $0.destination
        }
        for tunnel in tunnels {
            for family in AddressFamily.allCases {
                for direction in SecurityPolicy.Direction.allCases {
                    let isOutbound = direction == .outbound
                    var packet = PassingPacket(
                        direction: direction, ipProtocol: family.encapsulationProtocol,
                        source: isOutbound ? tunnel.outer.local : tunnel.outer.remote,
                        destination: isOutbound ? tunnel.outer.remote : tunnel.outer.local)
                    let isCarried = families[tunnel.interface]?.contains(family) ?? false
                    if isCarried, policies[tunnel.peer]?.contains(where: { $0.protects(packet) }) != true {
                        reasons.append(
                            "no policy protects \(packet.ipProtocol) \(direction.rawValue) through \(tunnel.interface)")
                    }
                    packet.isUnprotected = true
                    if rules[tunnel.outer.remote, default: []].admits(packet) {
                        reasons.append(
                            "unprotected \(packet.ipProtocol) \(direction.rawValue) is not dropped for \(tunnel.peer)")
                    }
                }
            }
        }
        return reasons.map { Exposure(site: site, reason: $0) }
    }
}

extension MeshDerivation {
    /// The exposures of the gateways of `sites`, or of all.
    public func exposures(of sites: [SiteName]? = nil) -> [Exposure] {
        (sites ?? self.sites).flatMap { site in
            let others = nodes.filter { $0.site.name != site }.flatMap(\.networks)
            return self[site]?.exposures(protecting: others) ?? []
        }
    }
}
