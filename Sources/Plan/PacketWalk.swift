import WarrenModel

/// The way of one packet through the mesh, taken hop by hop as the plans of the gateways would: longest route first, the
/// tunnel that it names, the policy that seals the tunnel's packets, and on the other side the policy that admits them.
///
/// Gateways translate at their tunnels: a packet that leaves a site by one carries the source that the others see, and one
/// that comes in by one is given the destination that the site's own hosts have.
public struct PacketWalk: Sendable, Hashable, Codable {
    /// One gateway that sends the packet on.
    public struct Hop: Sendable, Hashable, Codable {
        public let site: SiteName
        public let route: Route
        public let tunnel: GIFTunnel
        /// What seals the packet on its way to the next gateway.
        public let policy: SecurityPolicy
        /// What the packet carries within the tunnel.
        public let source: IPAddress
        public let destination: IPAddress
    }

    public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
        /// The last gateway has the address, or a network that holds it.
        case delivered
        /// A gateway holds the packet back: it goes nowhere.
        case refused
        /// No site has the address: the packet takes the gateway's own way to the Internet, as it did without the mesh.
        case leaves
        /// A tunnel would send the packet in the clear.
        case exposed
    }

    /// What the packet starts with.
    public let source: IPAddress
    public let destination: IPAddress
    public private(set) var hops: [Hop] = []
    public private(set) var outcome = Outcome.refused
    /// The gateway where the packet ends.
    public private(set) var site: SiteName
    /// What the packet carries where it ends: what its receiver sees.
    public private(set) var sourceAtEnd: IPAddress
    public private(set) var destinationAtEnd: IPAddress
    /// Why it ends there, in a few words.
    public private(set) var reason = ""

    /// Walks from the gateway of `site`; `plan` answers with the plan of each gateway on the way.
    public init(from site: SiteName, source: IPAddress, to destination: IPAddress, plan: (SiteName) -> GatewayPlan?) {
        self.source = source
        self.destination = destination
        self.site = site
        sourceAtEnd = source
        destinationAtEnd = destination
        var visited: Set<SiteName> = []
        var next = plan(site)
        while let gateway = next {
            guard visited.insert(gateway.site).inserted else {
                end(.refused, gateway, "it has been here before: it would go in circles")
                return
            }
            guard let hop = leave(gateway) else { return }
            guard let peer = plan(hop.tunnel.peer) else {
                end(.refused, gateway, "there is no plan for \(hop.tunnel.peer)")
                return
            }
            guard arrive(at: peer, by: hop, from: gateway) else { return }
            hops.append(hop)
            next = peer
        }
        if outcome == .refused, reason.isEmpty { reason = "there is no plan for \(site)" }
    }

    private mutating func end(_ outcome: Outcome, _ gateway: GatewayPlan, _ reason: String) {
        self.outcome = outcome
        self.reason = reason
        site = gateway.site
    }

    /// The packet's way out of a gateway; nil when it ends there.
    private mutating func leave(_ gateway: GatewayPlan) -> Hop? {
        let destination = destinationAtEnd
        if let own = gateway.networks.first(where: { $0.contains(destination) }) {
            end(.delivered, gateway, "\(own) is its own")
            return nil
        }
        if gateway.innerAddress == destination || gateway.outerAddresses.contains(destination) {
            end(.delivered, gateway, "\(destination) is its own")
            return nil
        }
        let longest = { (a: IPPrefix, b: IPPrefix) in a.length < b.length }
        let route = gateway.routes.filter { $0.destination.contains(destination) }.max {
            longest($0.destination, $1.destination)
        }
        let barrier = gateway.unreachable.filter { $0.contains(destination) }.max(by: longest)
        guard let route, route.destination.length >= barrier?.length ?? 0 else {
            if let own = gateway.translations.inward(destination) {
                end(.refused, gateway, "its own hosts do not know \(own) as \(destination)")
            } else if let barrier {
                end(.refused, gateway, "\(barrier) is unreachable from here: no tunnel leads to it")
            } else {
                end(.leaves, gateway, "no site has it")
            }
            return nil
        }
        guard let tunnel = gateway.tunnels.first(where: { $0.interface == route.interface }) else {
            end(.refused, gateway, "it has no interface \(route.interface)")
            return nil
        }
        let packet = outerPacket(tunnel.outer.local, tunnel.outer.remote, .outbound)
        guard let policy = gateway.policies.first(where: { $0.protects(packet) }) else {
            end(.exposed, gateway, "no policy protects \(packet.ipProtocol) from \(packet.source) to \(packet.destination)")
            return nil
        }
        sourceAtEnd = gateway.translations.outward(sourceAtEnd) ?? sourceAtEnd
        for passing in [innerPacket(.outbound, tunnel.interface), packet] where !gateway.firewall.admits(passing) {
            end(.refused, gateway, "its firewall drops what leaves through \(tunnel.interface)")
            return nil
        }
        return Hop(
            site: gateway.site, route: route, tunnel: tunnel, policy: policy, source: sourceAtEnd, destination: destination)
    }

    /// Whether the next gateway takes the packet in; where it does not, the walk ends there.
    private mutating func arrive(at gateway: GatewayPlan, by hop: Hop, from sender: GatewayPlan) -> Bool {
        let ends = hop.tunnel.outer
        guard let tunnel = gateway.tunnels.first(where: { $0.outer == AddressPair(local: ends.remote, remote: ends.local) })
        else {
            end(.refused, gateway, "it has no tunnel from \(ends.local)")
            return false
        }
        let key = sender.keys.first { $0.peer == gateway.site }?.reference
        guard let key, gateway.keys.contains(where: { $0.peer == sender.site && $0.reference == key }) else {
            end(.refused, gateway, "it has no key in common with \(sender.site)")
            return false
        }
        let packet = outerPacket(ends.local, ends.remote, .inbound)
        guard let policy = gateway.policies.first(where: { $0.protects(packet) }), policy.mode == hop.policy.mode else {
            end(.refused, gateway, "no policy of it admits \(packet.ipProtocol) from \(ends.local) in \(hop.policy.mode) mode")
            return false
        }
        for passing in [packet, innerPacket(.inbound, tunnel.interface)] where !gateway.firewall.admits(passing) {
            end(.refused, gateway, "its firewall drops what comes through \(tunnel.interface)")
            return false
        }
        destinationAtEnd = gateway.translations.inward(destinationAtEnd) ?? destinationAtEnd
        return true
    }

    private func outerPacket(
        _ source: IPAddress, _ destination: IPAddress, _ direction: SecurityPolicy.Direction
    ) -> PassingPacket {
        PassingPacket(
            direction: direction, ipProtocol: self.destination.family.encapsulationProtocol, source: source,
            destination: destination)
    }

    private func innerPacket(_ direction: SecurityPolicy.Direction, _ interface: String) -> PassingPacket {
        PassingPacket(
            direction: direction, ipProtocol: .any, source: sourceAtEnd, destination: destinationAtEnd, interface: interface)
    }
}

extension [NetworkTranslation] {
    /// What the others see of a site's own address; nil for one that is not translated.
    func outward(_ address: IPAddress) -> IPAddress? { lazy.compactMap { $0.outward(address) }.first }

    /// The site's own address behind one that the others see; nil for any other.
    func inward(_ address: IPAddress) -> IPAddress? { lazy.compactMap { $0.inward(address) }.first }
}
