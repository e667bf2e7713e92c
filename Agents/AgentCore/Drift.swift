import WarrenModel
import WarrenPlan

/// One sentence for each thing in which the gateway differs from what it shall run; empty when nothing does.
public func drift(desired: DesiredState, observed: ObservedState) -> [String] {
    let difference = Difference(desired: desired.plan, observed: observed, changedKeys: [])
    let present = Set(observed.tunnels.map(\.tunnel.interface))
    var sentences: [String] = []
    if observed.firewall != desired.plan.firewall { sentences.append("the firewall's rules are not those of the plan") }
    let translations = desired.plan.translations.filter { !observed.translations.contains($0) }
    sentences += translations.map { "network \($0.network) is not translated to \($0.visible)" }
    if translations.isEmpty, difference.translationsDuring != nil || difference.translationsAfter != nil {
        sentences.append("the translations are not those of the plan")
    }
    sentences += difference.missingUnreachable.map { "the unreachable route for \($0) is missing" }
    sentences += difference.missingPolicies.map { "the \($0.direction.rawValue) policy \($0.selector) is missing" }
    sentences += difference.wantingTunnels.map { tunnel in
        present.contains(tunnel.interface)
            ? "tunnel \(tunnel.interface) to \(tunnel.peer) has other settings"
            : "tunnel \(tunnel.interface) to \(tunnel.peer) is missing"
    }
    let known = Set(observed.peers.map(\.peer))
    sentences += difference.wantingPeers.map {
        known.contains($0.peer) ? "IKE peer \($0.peer) has other settings" : "IKE peer \($0.peer) is missing"
    }
    sentences += difference.missingRoutes.map { "the route to \($0.destination) by \($0.interface) is missing" }

    let routes = difference.displacedRoutes + difference.missingRoutes.flatMap(difference.superseded) + difference.orphanRoutes
    sentences += routes.map { "the route to \($0.destination) by \($0.interface) is not in the plan" }
    sentences += (difference.displacedPeers + difference.orphanPeers).map { "IKE peer \($0) is not in the plan" }
    let wanted = Set(desired.plan.tunnels.map(\.interface))
    sentences += (difference.displacedTunnels.filter { !wanted.contains($0) } + difference.orphanTunnels)
        .map { "tunnel \($0) is not in the plan" }
    sentences += difference.orphanPolicies.map { "the \($0.direction.rawValue) policy \($0.selector) is not in the plan" }
    sentences += difference.orphanUnreachable.map { "the unreachable route for \($0) is not in the plan" }
    return sentences
}
