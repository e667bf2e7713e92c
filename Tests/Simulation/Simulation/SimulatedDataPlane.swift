import AgentCore
import WarrenModel
import WarrenPlan

/// What a gateway's kernel and tunnel daemon hold, and what a packet would meet there.
///
/// When the daemon dies, interfaces, routes and firewall stay, as nothing is attached to them nothing passes; policies and
/// peers are gone with it. A boot leaves nothing.
struct SimulatedDataPlane {
    private(set) var state = ObservedState()
    private var attached: Set<String> = []
    private(set) var isDaemonAlive = true
    /// Of the desired state that it was last worked on for.
    var version = StateVersion.none
    private(set) var tunnels: [SiteName: GIFTunnel] = [:]
    private(set) var policies: [SiteName: [SecurityPolicy]] = [:]

    mutating func reset() { self = SimulatedDataPlane() }

    mutating func die() {
        isDaemonAlive = false
        attached = []
        policies = [:]
        state.policies = []
        state.peers = []
    }

    mutating func revive() { isDaemonAlive = true }

    /// As a driver tells it: a tunnel that is not attached has other settings than any plan's.
    var observed: ObservedState {
        var observed = state
        for index in observed.tunnels.indices where !attached.contains(observed.tunnels[index].tunnel.interface) {
            let tunnel = observed.tunnels[index].tunnel
            observed.tunnels[index].tunnel = GIFTunnel(
                peer: tunnel.peer, interface: tunnel.interface, outer: tunnel.outer, inner: tunnel.inner, mtu: 0,
                mode: tunnel.mode)
        }
        return observed
    }

    mutating func perform(_ operation: Operation) {
        switch operation {
        case .setFirewall(let rules): state.firewall = rules
        case .setTranslations(let translations):
            state.translations = translations.sorted { ($0.network, $0.visible) < ($1.network, $1.visible) }
        case .addUnreachable(let prefix): state.unreachable.insert(prefix)
        case .removeUnreachable(let prefix): state.unreachable.remove(prefix)
        case .addPolicy(let policy):
            if state.policies.insert(policy).inserted { policies[policy.peer, default: []].append(policy) }
        case .removePolicy(let policy):
            state.policies.remove(policy)
            policies[policy.peer]?.removeAll { $0 == policy }
        case .setTunnel(let tunnel):
            remove(tunnel.interface, keepingRoutes: true)
            state.tunnels.append(TunnelReport(tunnel: tunnel, isUp: true))
            attached.insert(tunnel.interface)
            tunnels[tunnel.peer] = tunnel
        case .removeTunnel(let interface): remove(interface, keepingRoutes: false)
        case .setPeer(let peer):
            state.peers = state.peers.filter { $0.peer != peer.peer }
            state.peers.insert(peer)
        case .removePeer(let name): state.peers = state.peers.filter { $0.peer != name }
        case .addRoute(let route):
            state.routes = state.routes.filter { $0.destination != route.destination }
            state.routes.insert(route)
        case .removeRoute(let route): state.routes.remove(route)
        }
    }

    private mutating func remove(_ interface: String, keepingRoutes: Bool) {
        for old in state.tunnels where old.tunnel.interface == interface && tunnels[old.tunnel.peer] == old.tunnel {
            tunnels[old.tunnel.peer] = nil
        }
        state.tunnels.removeAll { $0.tunnel.interface == interface }
        attached.remove(interface)
        if !keepingRoutes { state.routes = state.routes.filter { $0.interface != interface } }
    }

    /// Packets of the link to this peer find a tunnel and, both ways, a policy that protects them.
    func carries(_ peer: SiteName) -> Bool {
        guard isDaemonAlive, let tunnel = tunnels[peer], attached.contains(tunnel.interface) else { return false }
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
        for rule in state.firewall
        where rule.direction == .outbound && rule.source == tunnel.outer.local && rule.destination == tunnel.outer.remote
            && rule.ipProtocol == number && rule.unprotected != false
        { return rule.action == .drop }
        return false
    }

    func isAttached(_ interface: String) -> Bool { isDaemonAlive && attached.contains(interface) }
}
