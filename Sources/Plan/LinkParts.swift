import WarrenModel

extension LinkParts {
    /// What a plan says of the link to `peer`; empty when it knows no such link.
    public init(of peer: SiteName, in plan: GatewayPlan) {
        self.init(
            tunnel: plan.tunnels.first { $0.peer == peer }, ikePeer: plan.ike.first { $0.peer == peer },
            policies: plan.policies.filter { $0.peer == peer })
        guard let tunnel else { return }
        routes = plan.routes.filter { $0.interface == tunnel.interface }
        firewall = plan.firewall.filter { $0.concerns(tunnel) }
    }
}

extension FirewallRule {
    /// It names the tunnel's interface or the address of its peer.
    public func concerns(_ tunnel: GIFTunnel) -> Bool {
        interface == tunnel.interface || source == tunnel.outer.remote || destination == tunnel.outer.remote
    }
}
