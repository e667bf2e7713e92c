import WarrenModel
import WarrenPlan

/// The steps from `observed` to `desired`, in an order that fails closed; empty when there is no difference.
///
/// What protects comes before what carries: firewall, unreachable routes, translations, policies, tunnels, IKE peers, routes.
/// What is not wanted goes the other way: routes, IKE peers, tunnels, policies, translations, unreachable routes, and the
/// firewall at the very end. New things come before old ones go, with three exceptions, where the old holds what the new needs: a route to the
/// same destination, a tunnel between the same outer addresses under another name, and an IKE peer at the same addresses.
///
/// Names the peers in `changedKeys` again even when nothing else changed: a key is not observable, so its owner says.
public func reconcile(
    desired: DesiredState, observed: ObservedState, changedKeys: Set<SiteName> = []
) -> [Operation] {
    let difference = Difference(desired: desired.plan, observed: observed, changedKeys: changedKeys)
    var operations: [Operation] = []

    // Protection first.
    if let firewall = difference.firewallDuring { operations.append(.setFirewall(firewall)) }
    operations += difference.missingUnreachable.map(Operation.addUnreachable)
    // Before any tunnel: no packet enters one under an address that its peer knows as another site's.
    if let translations = difference.translationsDuring { operations.append(.setTranslations(translations)) }
    operations += difference.missingPolicies.map(Operation.addPolicy)

    // Then what carries; each thing that stands in the way goes just before.
    operations += difference.displacedRoutes.map(Operation.removeRoute)
    operations += difference.displacedTunnels.map { .removeTunnel(interface: $0) }
    operations += difference.wantingTunnels.map(Operation.setTunnel)
    operations += difference.displacedPeers.map(Operation.removePeer)
    operations += difference.wantingPeers.map(Operation.setPeer)
    for route in difference.missingRoutes {
        operations += difference.superseded(by: route).map(Operation.removeRoute)
        operations.append(.addRoute(route))
    }

    // Then prune, from what carries to what protects.
    operations += difference.orphanRoutes.map(Operation.removeRoute)
    operations += difference.orphanPeers.map(Operation.removePeer)
    operations += difference.orphanTunnels.map { .removeTunnel(interface: $0) }
    operations += difference.orphanPolicies.map(Operation.removePolicy)
    if let translations = difference.translationsAfter { operations.append(.setTranslations(translations)) }
    operations += difference.orphanUnreachable.map(Operation.removeUnreachable)
    if let firewall = difference.firewallAfter { operations.append(.setFirewall(firewall)) }
    return operations
}
