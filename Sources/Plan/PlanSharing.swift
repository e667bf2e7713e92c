extension GatewayPlan {
    /// The same plan, with each part that `other` has as well in the other's memory: from one generation to the next most parts
    /// stay, and those that share their memory are held once and compared at no cost.
    public func sharingParts(with other: GatewayPlan) -> GatewayPlan {
        var plan = self
        if tunnels == other.tunnels { plan.tunnels = other.tunnels }
        if routes == other.routes { plan.routes = other.routes }
        if unreachable == other.unreachable { plan.unreachable = other.unreachable }
        if policies == other.policies { plan.policies = other.policies }
        if keys == other.keys { plan.keys = other.keys }
        if firewall == other.firewall { plan.firewall = other.firewall }
        if ike == other.ike { plan.ike = other.ike }
        return plan
    }
}
