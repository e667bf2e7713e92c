import WarrenModel
import WarrenPlan

extension LinkObservation {
    /// Fills in what is there of the link's parts.
    public mutating func take(_ observed: ObservedState, _ plan: GatewayPlan) {
        let tunnel = observed.tunnels.first { $0.tunnel.peer == peer }
        let interface = wanted.tunnel?.interface ?? tunnel?.tunnel.interface
        installed = LinkParts(
            tunnel: tunnel?.tunnel, ikePeer: observed.peers.first { $0.peer == peer },
            policies: observed.policies.filter { $0.peer == peer }.sorted { $0.isBefore($1) },
            routes: observed.routes.filter { $0.interface == interface }.sorted { $0.isBefore($1) })
        let known = Set(plan.firewall)
        installed.firewall = observed.firewall.filter { rule in
            !known.contains(rule) || (wanted.tunnel.map(rule.concerns) ?? false)
        }
        isTunnelUp = tunnel?.isUp ?? false
        ike = observed.ike.first { $0.peer == peer }
        securityAssociations = observed.securityAssociations.filter { $0.peer == peer }
    }
}
