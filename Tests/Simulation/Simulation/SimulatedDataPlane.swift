import AgentCore
import WarrenModel
import WarrenPlan

/// What a gateway's kernel and tunnel daemon hold, and what a packet would meet there.
///
/// When the daemon dies, interfaces, routes and firewall stay, as nothing is attached to them nothing passes; policies and
/// peers are gone with it. A boot leaves nothing, and no daemon runs.
final class SimulatedDataPlane {
    private(set) var state = ObservedState()
    private var attached: Set<String> = []
    /// The peers whose tunnels are attached: what is in `attached` too, to be found by a name that is a number.
    private var attachedPeers: Set<SiteName> = []
    private(set) var isDaemonAlive = true
    /// Of the desired state that it was last worked on for.
    var version = StateVersion.none
    private(set) var tunnels: [SiteName: GIFTunnel] = [:]
    private(set) var policies: [SiteName: [SecurityPolicy]] = [:]
    /// What is in `state` too, to be found without a search.
    private var interfaces: [String: GIFTunnel] = [:]
    private var routes: [IPPrefix: Route] = [:]
    private(set) var peers: [SiteName: IKEPeer] = [:]
    /// What happens to unprotected packets of each protocol between two addresses.
    private var guards: [Guarded: FirewallRule.Action] = [:]
    /// Grows with everything that `observed` shows.
    private(set) var changes = 0

    private struct Guarded: QuickHashable {
        let source: IPAddress, destination: IPAddress, number: IPProtocol

        func combine(into hash: inout QuickHash) {
            source.combine(into: &hash)
            destination.combine(into: &hash)
            hash.combine(UInt64(number.rawValue))
        }

        func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
    }

    /// Whatever was known of the former one is void: `changes` goes on.
    func reset() {
        die()
        version = .none
        state = ObservedState()
        tunnels = [:]
        interfaces = [:]
        routes = [:]
        guards = [:]
    }

    func die() {
        changes += 1
        isDaemonAlive = false
        attached = []
        attachedPeers = []
        policies = [:]
        peers = [:]
        state.policies = []
        state.peers = []
    }

    func revive() { isDaemonAlive = true }

    /// As a driver tells it.
    var observed: ObservedState {
        var observed = state
        observed.tunnels = tunnelReports
        return observed
    }

    /// A tunnel that is not attached has other settings than any plan's.
    var tunnelReports: [TunnelReport] {
        guard attached.count < state.tunnels.count else { return state.tunnels }
        return state.tunnels.map { report in
            let tunnel = report.tunnel
            guard !attached.contains(tunnel.interface) else { return report }
            return TunnelReport(
                tunnel: GIFTunnel(
                    peer: tunnel.peer, interface: tunnel.interface, outer: tunnel.outer, inner: tunnel.inner, mtu: 0,
                    mode: tunnel.mode), isUp: true)
        }
    }

    /// The networks of which a route or what holds packets back is gone: nothing else can be reached otherwise than before.
    @discardableResult
    func perform(_ operation: Operation) -> [IPPrefix] {
        changes += 1
        switch operation {
        case .setFirewall(let rules): setFirewall(rules)
        case .setTranslations(let translations):
            state.translations = translations.sorted { ($0.network, $0.visible) < ($1.network, $1.visible) }
        case .addUnreachable(let prefix): state.unreachable.insert(prefix)
        case .removeUnreachable(let prefix):
            state.unreachable.remove(prefix)
            return [prefix]
        case .addPolicy(let policy):
            if state.policies.insert(policy).inserted { policies[policy.peer, default: []].append(policy) }
        case .removePolicy(let policy):
            state.policies.remove(policy)
            policies[policy.peer]?.removeAll { $0 == policy }
        case .setTunnel(let tunnel):
            makeDevice(tunnel)
            attached.insert(tunnel.interface)
            attachedPeers.insert(tunnel.peer)
        case .removeTunnel(let interface):
            remove(interface)
            let lost = state.routes.filter { $0.interface == interface }.sorted { $0.destination < $1.destination }
            for route in lost { remove(route) }
            return lost.map(\.destination)
        case .setPeer(let peer):
            removePeer(peer.peer)
            peers[peer.peer] = peer
            state.peers.insert(peer)
        case .removePeer(let name): removePeer(name)
        case .addRoute(let route):
            if let old = routes[route.destination] { state.routes.remove(old) }
            routes[route.destination] = route
            state.routes.insert(route)
        case .removeRoute(let route):
            remove(route)
            return [route.destination]
        }
        return []
    }

    /// The kernel's part of a tunnel: no daemon takes packets from it, or brings any.
    func makeDevice(_ tunnel: GIFTunnel) {
        changes += 1
        remove(tunnel.interface)
        state.tunnels.append(TunnelReport(tunnel: tunnel, isUp: true))
        interfaces[tunnel.interface] = tunnel
        tunnels[tunnel.peer] = tunnel
        attachedPeers.remove(tunnel.peer)
    }

    /// The daemon lets go of it, and the device stays.
    func detach(_ interface: String) {
        changes += 1
        attached.remove(interface)
        if let tunnel = interfaces[interface], tunnels[tunnel.peer] == tunnel { attachedPeers.remove(tunnel.peer) }
    }

    private func setFirewall(_ rules: [FirewallRule]) {
        state.firewall = rules
        guards.removeAll(keepingCapacity: true)
        for place in rules.indices where rules[place].direction == .outbound && rules[place].unprotected != false {
            guard let source = rules[place].source, let destination = rules[place].destination else { continue }
            let key = Guarded(source: source, destination: destination, number: rules[place].ipProtocol)
            // The first rule that matches decides.
            if guards[key] == nil { guards[key] = rules[place].action }
        }
    }

    private func remove(_ interface: String) {
        guard let old = interfaces.removeValue(forKey: interface) else { return }
        if tunnels[old.peer] == old {
            tunnels[old.peer] = nil
            attachedPeers.remove(old.peer)
        }
        state.tunnels.removeAll { $0.tunnel.interface == interface }
        attached.remove(interface)
    }

    private func remove(_ route: Route) {
        state.routes.remove(route)
        if routes[route.destination] == route { routes[route.destination] = nil }
    }

    private func removePeer(_ name: SiteName) {
        if let old = peers.removeValue(forKey: name) { state.peers.remove(old) }
    }

    /// Packets to the network go into a tunnel, or nowhere.
    func covers(_ network: IPPrefix) -> Bool { state.unreachable.contains(network) || routes[network] != nil }

    func hasInterface(_ name: String) -> Bool { interfaces[name] != nil }

    /// Packets of the link to this peer find a tunnel and, both ways, a policy that protects them.
    func carries(_ peer: SiteName) -> Bool {
        guard isDaemonAlive, attachedPeers.contains(peer), let tunnel = tunnels[peer] else { return false }
        return isProtected(tunnel, .outbound) && isProtected(tunnel, .inbound)
    }

    /// What leaves this tunnel is protected, or dropped.
    func isProtected(_ tunnel: GIFTunnel, _ direction: SecurityPolicy.Direction) -> Bool {
        let outer = tunnel.outer
        let (source, destination) = direction == .outbound ? (outer.local, outer.remote) : (outer.remote, outer.local)
        let number = tunnel.inner.local.family.encapsulationProtocol
        return policies[tunnel.peer]?.contains { policy in
            policy.direction == direction && policy.selector.ipProtocol == number
                && policy.selector.source.contains(source) && policy.selector.destination.contains(destination)
        } ?? false
    }

    /// Unprotected IP-in-IP between the tunnel's ends is dropped, whether or not a policy stands.
    func isGuarded(_ tunnel: GIFTunnel) -> Bool {
        let number = tunnel.inner.local.family.encapsulationProtocol
        return guards[Guarded(source: tunnel.outer.local, destination: tunnel.outer.remote, number: number)] == .drop
    }

    func isAttached(_ interface: String) -> Bool { isDaemonAlive && attached.contains(interface) }
}
