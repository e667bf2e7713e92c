import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct TransitionTests {
    private static let seeds: [UInt64] = Array(1...400)

    @Test(arguments: [1, 2, 3] as [UInt64])
    func nothingChangesWhereNothingShall(seed: UInt64) {
        for plan in RandomMesh.pair(seed: seed).old.gateways {
            for step in TransitionStep.allCases {
                #expect(GatewayPlan.transition(from: plan, to: plan, at: step) == plan)
                #expect(GatewayPlan.transition(from: nil, to: plan, at: step) == plan)
            }
            #expect(GatewayPlan.steps(from: plan, to: plan).isEmpty)
            #expect(GatewayPlan.steps(from: nil, to: plan) == [.expand])
            #expect(GatewayPlan.changedPeers(from: plan, to: plan).isEmpty)
        }
    }

    @Test func theLastStepIsTheNewPlan() {
        for seed in Self.seeds {
            for (old, new) in gateways(seed) {
                #expect(GatewayPlan.transition(from: old, to: new, at: .contract) == new)
            }
        }
    }

    /// Whoever of two ends asks, the other takes it, and both have the key.
    @Test func endsThatAreAtMostOneStepApartAgree() throws {
        var compared = 0
        for seed in Self.seeds {
            let (old, new) = RandomMesh.pair(seed: seed)
            for link in Set(old.links).intersection(new.links) {
                for here in 0...3 {
                    for there in max(0, here - 1)...min(3, here + 1) {
                        let first = try #require(state(link.first, old, new, here))
                        let second = try #require(state(link.second, old, new, there))
                        #expect(agree(first, second), "seed \(seed), \(link), steps \(here) and \(there)")
                        #expect(agree(second, first), "seed \(seed), \(link), steps \(here) and \(there)")
                        compared += 1
                    }
                }
            }
        }
        #expect(compared > 4_000)
    }

    /// Without alternatives, ends that are two steps apart would not agree: what the steps are for.
    @Test func endsThatAreTwoStepsApartNeedNotAgree() throws {
        let disagreements = try Self.seeds.flatMap { seed -> [LinkID] in
            let (old, new) = RandomMesh.pair(seed: seed)
            return try Set(old.links).intersection(new.links).filter { link in
                let first = try #require(state(link.first, old, new, 0)), second = try #require(state(link.second, old, new, 2))
                return !agree(second, first)
            }
        }
        #expect(disagreements.count > 100)
    }

    @Test func nothingIsExposedAtAnyStep() throws {
        for seed in Self.seeds {
            let (before, after) = RandomMesh.pair(seed: seed)
            for (old, new) in gateways(seed) {
                for step in [TransitionStep.expand, .switchOver] {
                    let plan = GatewayPlan.transition(from: old, to: new, at: step)
                    let others = (before.gateways + after.gateways).filter { $0.site != plan.site }.flatMap(visibleNetworks)
                    let foreign = Set(others).filter { network in !plan.networks.contains { $0.contains(network) } }
                    let exposures = plan.exposures(protecting: foreign.sorted())
                    #expect(exposures.isEmpty, "seed \(seed), \(step): \(exposures)")
                }
            }
        }
    }

    /// What agents and the wire refuse: names and peers used twice, routes without a tunnel, tunnels without policy.
    @Test func everyStepIsAPlanThatAgentsTake() {
        for seed in Self.seeds {
            for (old, new) in gateways(seed) {
                for step in [TransitionStep.expand, .switchOver] {
                    let plan = GatewayPlan.transition(from: old, to: new, at: step)
                    let faults = faults(of: plan)
                    #expect(faults.isEmpty, "seed \(seed), \(plan.site) at \(step): \(faults)")
                }
            }
        }
    }

    /// A transition that was broken off, and led on to a third plan or back, agrees with its neighbours as well.
    @Test func aTransitionCanBeLedBack() throws {
        for seed in Self.seeds.prefix(100) {
            let (old, new) = RandomMesh.pair(seed: seed)
            for link in Set(old.links).intersection(new.links) {
                // Both reached the second step; one has begun to go back.
                let first = try #require(state(link.first, old, new, 2)), second = try #require(state(link.second, old, new, 2))
                let origin = try #require(old[link.first]), end = try #require(old[link.second])
                let back = GatewayPlan.transition(from: first, to: origin, at: .switchOver)
                #expect(GatewayPlan.transition(from: first, to: origin, at: .expand).ike == first.ike)
                #expect(agree(back, second) && agree(second, back), "seed \(seed), \(link)")
                #expect(agree(back, end) && agree(end, back), "seed \(seed), \(link)")
            }
        }
    }

    private func gateways(_ seed: UInt64) -> [(old: GatewayPlan, new: GatewayPlan)] {
        let (old, new) = RandomMesh.pair(seed: seed)
        return new.gateways.compactMap { gateway in old[gateway.site].map { ($0, gateway) } }
    }

    private func state(_ site: SiteName, _ old: Plan, _ new: Plan, _ step: Int) -> GatewayPlan? {
        guard let before = old[site], let after = new[site] else { return nil }
        guard let step = TransitionStep.allCases.first(where: { $0.number == step }) else { return before }
        return .transition(from: before, to: after, at: step)
    }

    private func agree(_ initiator: GatewayPlan, _ responder: GatewayPlan) -> Bool {
        guard let asks = initiator.ike.first(where: { $0.peer == responder.site }),
            let takes = responder.ike.first(where: { $0.peer == initiator.site })
        else { return false }
        let mirror = IKEAlternative(
            outer: AddressPair(local: asks.outer.remote, remote: asks.outer.local), parameters: asks.parameters,
            selectors: asks.selectors.map(\.reversed), key: asks.key)
        let key = { (peer: SiteName) in GatewayPlan.Key(peer: peer, reference: asks.key) }
        return takes.ways.contains(mirror) && initiator.keys.contains(key(responder.site))
            && responder.keys.contains(key(initiator.site))
    }

    private func visibleNetworks(_ plan: GatewayPlan) -> [IPPrefix] {
        plan.networks.map { network in plan.translations.first { $0.network == network }?.visible ?? network }
    }

    private func faults(of plan: GatewayPlan) -> [String] {
        var faults: [String] = []
        func unique<Item: Hashable>(_ items: [Item], _ what: String) {
            if Set(items).count != items.count { faults.append("\(what) twice") }
        }
        unique(plan.tunnels.map(\.interface), "interface")
        unique(plan.tunnels.map(\.peer), "tunnel to a peer")
        unique(plan.tunnels.map(\.outer), "tunnel between two addresses")
        unique(plan.ike.map(\.peer), "IKE peer")
        unique(plan.ike.map(\.outer), "IKE peer at an address")
        unique(plan.routes.map(\.destination), "route")
        unique(plan.unreachable, "unreachable network")
        unique(plan.keys, "key")
        unique(plan.policies.map { "\($0.direction) \($0.selector)" }, "policy")
        unique(plan.translations.map(\.network), "translated network")
        unique(plan.translations.map(\.visible), "visible network")
        if Set(plan.ike.map(\.peer)) != Set(plan.tunnels.map(\.peer)) { faults.append("tunnels and IKE peers differ") }
        for peer in plan.ike where !Set(peer.alternatives).isDisjoint(with: [peer.preferred]) {
            faults.append("what is preferred is an alternative")
        }
        for reference in plan.ike.flatMap(\.acceptedKeys) where !plan.keys.map(\.reference).contains(reference) {
            faults.append("\(reference) is missing")
        }
        for route in plan.routes {
            guard let tunnel = plan.tunnels.first(where: { $0.interface == route.interface }) else {
                faults.append("\(route) leads nowhere")
                continue
            }
            if let via = route.via, via != tunnel.inner.remote { faults.append("\(route) goes by another than the peer") }
            if plan.networks.contains(where: { $0.contains(route.destination) }) { faults.append("\(route) leads away") }
        }
        for tunnel in plan.tunnels {
            for peer in plan.ike where peer.peer == tunnel.peer && peer.outer != tunnel.outer {
                faults.append("\(tunnel.peer) is at two addresses")
            }
            for selector in plan.ike.first(where: { $0.peer == tunnel.peer })?.selectors ?? [] {
                let modes = plan.policies.filter {
                    $0.selector == ($0.direction == .outbound ? selector : selector.reversed)
                }.map(\.mode)
                if modes != [tunnel.mode, tunnel.mode] { faults.append("\(tunnel.peer): no policies of the tunnel's mode") }
            }
        }
        return faults
    }
}
