import WarrenModel

extension Plan {
    /// What must change for `old` to become `new`; everything is added when there is no old plan.
    ///
    /// In order of sites; within one: the gateway, translations, awaited peers, tunnels, routes, unreachable networks, policies,
    /// keys, firewall, IKE, each with removals first and then in the order of the new plan. Empty when every gateway's plan says
    /// the same.
    public static func changes(from old: Plan?, to new: Plan) -> [Change] {
        let before = Dictionary((old?.gateways ?? []).map { ($0.site, $0) }) { first, _ in first }
        let after = Dictionary(new.gateways.map { ($0.site, $0) }) { first, _ in first }
        return Set(before.keys).union(after.keys).sorted().flatMap { site -> [Change] in
            changes(at: site, from: before[site], to: after[site])
        }
    }

    /// The part of `changes` that is one gateway's; nil for a plan that has no such gateway. `MeshComparison` gives the same
    /// without the two plans.
    public static func changes(at site: SiteName, from old: GatewayPlan?, to new: GatewayPlan?) -> [Change] {
        if old == new { return [] }
        let parts = [old, new].map { $0.map { PlanPart(plan: $0, transit: nil) } }
        return GatewayDifference(site: site, from: parts[0], to: parts[1], isTold: true).changes
    }
}
