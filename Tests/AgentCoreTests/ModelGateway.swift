import AgentCore
import WarrenModel
import WarrenPlan

/// A gateway in a few sets, that notes every moment in which an operation leaves it open.
struct ModelGateway {
    var state = ObservedState()
    private(set) var exposures: [String] = []
    /// What must be translated as long as there is a tunnel; more than one for a network while it changes.
    private let translations: [IPPrefix: Set<NetworkTranslation>]

    init() { translations = [:] }

    /// A gateway that runs `plan` and is to be led to `next`.
    init(running plan: GatewayPlan, next: GatewayPlan? = nil) {
        // What only one of them translates may be seen as it is in the other.
        let shared = plan.translations + (next?.translations ?? [])
        translations = Dictionary(grouping: shared, by: \.network).mapValues(Set.init).filter { network, _ in
            plan.translations.contains { $0.network == network }
                && next?.translations.contains { $0.network == network } ?? true
        }
        state = ObservedState(
            tunnels: plan.tunnels.map { TunnelReport(tunnel: $0, isUp: true) }, routes: Set(plan.routes),
            unreachable: Set(plan.unreachable), policies: Set(plan.policies), peers: Set(plan.ike), firewall: plan.firewall,
            translations: plan.translations.sorted { $0.network < $1.network })
    }

    mutating func perform(_ operation: Operation) {
        switch operation {
        case .setFirewall(let rules): state.firewall = rules
        case .setTranslations(let translations):
            state.translations = translations.sorted { ($0.network, $0.visible) < ($1.network, $1.visible) }
        case .addUnreachable(let prefix): state.unreachable.insert(prefix)
        case .removeUnreachable(let prefix): state.unreachable.remove(prefix)
        case .addPolicy(let policy): state.policies.insert(policy)
        case .removePolicy(let policy): state.policies.remove(policy)
        case .setTunnel(let tunnel):
            state.tunnels.removeAll { $0.tunnel.interface == tunnel.interface }
            if let other = state.tunnels.first(where: { $0.tunnel.outer == tunnel.outer }) {
                exposures.append("\(tunnel.interface) has the outer addresses of \(other.tunnel.interface)")
            }
            state.tunnels.append(TunnelReport(tunnel: tunnel, isUp: true))
        case .removeTunnel(let interface):
            state.tunnels.removeAll { $0.tunnel.interface == interface }
            state.routes = state.routes.filter { $0.interface != interface }
        case .setPeer(let peer):
            state.peers = state.peers.filter { $0.peer != peer.peer }
            state.peers.insert(peer)
        case .removePeer(let name): state.peers = state.peers.filter { $0.peer != name }
        case .addRoute(let route):
            if !state.tunnels.contains(where: { $0.tunnel.interface == route.interface }) {
                exposures.append("the route to \(route.destination) names \(route.interface), which is not there")
            }
            if state.routes.contains(where: { $0.destination == route.destination && $0 != route }) {
                exposures.append("two routes to \(route.destination)")
            }
            state.routes.insert(route)
        case .removeRoute(let route): state.routes.remove(route)
        }
        inspect(after: operation)
    }

    private mutating func inspect(after operation: Operation) {
        for report in state.tunnels {
            let tunnel = report.tunnel
            let covered = state.policies.filter {
                $0.selector.source.contains(tunnel.outer.local) && $0.selector.destination.contains(tunnel.outer.remote)
                    || $0.selector.source.contains(tunnel.outer.remote) && $0.selector.destination.contains(tunnel.outer.local)
            }
            if Set(covered.map(\.direction)).count != 2 { exposures.append("\(tunnel.interface) bare after \(operation)") }
            let isGuarded = state.firewall.contains {
                $0.action == .drop && $0.unprotected == true && $0.source == tunnel.outer.remote
            }
            if !isGuarded { exposures.append("\(tunnel.interface) unguarded after \(operation)") }
        }
        for (network, accepted) in translations where !state.tunnels.isEmpty {
            if accepted.isDisjoint(with: state.translations) { exposures.append("\(network) untranslated after \(operation)") }
        }
        for (position, translation) in state.translations.enumerated() {
            for other in state.translations[..<position]
            where other.network.overlaps(translation.network) || other.visible.overlaps(translation.visible) {
                exposures.append("\(other) and \(translation) at once after \(operation)")
            }
        }
        for route in state.routes where !state.unreachable.contains(route.destination) {
            exposures.append("\(route.destination) may fall to the default route after \(operation)")
        }
    }
}
