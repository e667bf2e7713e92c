import WarrenModel

extension GatewayPlan {
    /// What a gateway that runs `old` must run at one step of its way to `new`, so that each of its links stays up however far
    /// the other end is, as long as that is at the same step or at an adjacent one.
    ///
    /// - `expand` holds both, and asks for the old: tunnels, routes, policies and IKE peers that both have in different ways
    ///   are the old ones, with the new way among the peer's alternatives.
    /// - `switchOver` holds both, and asks for the new.
    /// - `contract` is `new`; so is every step when there is no old plan.
    ///
    /// While both stand, peers of either plan are there with their keys, firewall rules and unreachable networks, and a tunnel
    /// takes the smaller MTU. What the gateway can be or have only once is that of the preferred plan: its addresses, its own
    /// networks, the visible prefix of a network, and the tunnel between two addresses that go from one peer to another.
    /// A route of the other plan is left out where it would lead away a network that the preferred plan calls its own.
    ///
    /// `old` may be a transition itself, one that was broken off: what it takes as well is then taken further on.
    public static func transition(from old: GatewayPlan?, to new: GatewayPlan, at step: TransitionStep) -> GatewayPlan {
        guard let old, old != new, step != .contract else { return new }
        let isNewPreferred = step == .switchOver
        return PlanUnion(old: old, new: new, isNewPreferred: isNewPreferred).plan
    }

    /// The steps that change what a gateway runs, on its way from `old` to `new`. None when the two are equal; `expand` alone
    /// when things are only added, `contract` alone when they are only taken away.
    public static func steps(from old: GatewayPlan?, to new: GatewayPlan) -> Set<TransitionStep> {
        var current = old
        var steps: Set<TransitionStep> = []
        for step in TransitionStep.allCases {
            let next = transition(from: old, to: new, at: step)
            if next != current { steps.insert(step) }
            current = next
        }
        return steps
    }

    /// The peers to whom a link runs in both plans, and not in the same way: the ends of such a link must be led from step to
    /// step together.
    public static func changedPeers(from old: GatewayPlan?, to new: GatewayPlan) -> Set<SiteName> {
        guard let old, old != new else { return [] }
        let tunnels = Dictionary(old.tunnels.map { ($0.peer, $0) }) { first, _ in first }
        let peers = Dictionary(old.ike.map { ($0.peer, $0) }) { first, _ in first }
        let rerouted = new.tunnels.filter { tunnel in tunnels[tunnel.peer].map { $0 != tunnel } ?? false }
        let renegotiated = new.ike.filter { peer in peers[peer.peer].map { $0 != peer } ?? false }
        return Set(rerouted.map(\.peer)).union(renegotiated.map(\.peer))
    }
}
