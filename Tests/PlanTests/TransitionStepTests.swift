import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct TransitionStepTests {
    /// Whoever is only given more, takes it in one step.
    @Test func addingASiteTakesOneStep() throws {
        let (smaller, larger) = (Plan.derive(from: try Samples.mesh(of: 4)), Plan.derive(from: try Samples.mesh(of: 5)))
        for old in smaller.gateways {
            let new = try #require(larger[old.site])
            #expect(GatewayPlan.steps(from: old, to: new) == [.expand])
            #expect(GatewayPlan.transition(from: old, to: new, at: .expand) == new)
            #expect(GatewayPlan.steps(from: new, to: old) == [.contract])
            #expect(GatewayPlan.changedPeers(from: old, to: new).isEmpty)
        }
    }

    @Test func aNewKeyTakesThreeStepsAtBothEndsAndNowhereElse() throws {
        let inventory = try Samples.mesh(of: 3)
        let (zero, one, two) = (try name("s0"), try name("s1"), try name("s2"))
        let link = try #require(LinkID(zero, one))
        let old = Plan.derive(from: inventory)
        let new = Plan.derive(from: inventory, assignments: Assignments(keyEpochs: [link: 2]))
        for (site, peer) in [(zero, one), (one, zero)] {
            let before = try #require(old[site]), after = try #require(new[site])
            #expect(GatewayPlan.steps(from: before, to: after) == [.expand, .switchOver, .contract])
            #expect(GatewayPlan.changedPeers(from: before, to: after) == [peer])
            let keys = try TransitionStep.allCases.map { step in
                let plan = GatewayPlan.transition(from: before, to: after, at: step)
                #expect(plan.keys.count == (step == .contract ? 2 : 3))
                return try #require(plan.ike.first { $0.peer == peer }).acceptedKeys.map(\.epoch)
            }
            #expect(keys == [[1, 2], [2, 1], [2]])
        }
        #expect(old[two] == new[two])
    }

    /// The firewall of a link whose end moves: ESP, IKE and protected packets pass between old addresses and between new ones,
    /// and nothing else.
    @Test func aMovedEndIsLetInUnderBothAddresses() throws {
        let old = try #require(try Samples.plan("handbook")[name("first")])
        var inventory = try Samples.inventory("handbook")
        let second = try #require(inventory.sites.firstIndex { $0.name.description == "second" })
        inventory.sites[second].gateway.publicAddresses = [try address("198.51.100.77")]
        let new = try #require(Plan.derive(from: inventory)[name("first")])
        for (step, remote) in [(TransitionStep.expand, "198.51.100.20"), (.switchOver, "198.51.100.77")] {
            let plan = GatewayPlan.transition(from: old, to: new, at: step)
            #expect(plan.tunnels.map(\.outer.remote.description) == [remote])
            #expect(plan.ike.map(\.alternatives.count) == [1])
            #expect(Set(plan.firewall) == Set(old.firewall + new.firewall))
            #expect(plan.firewall.count == 22)
            #expect(plan.policies.count == 4)
        }
    }

    /// A network that a site gives away is its own as long as it says so, and led to its new holder from then on.
    @Test func aNetworkGoesFromOneSiteToAnother() throws {
        var inventory = try Samples.mesh(of: 2)
        let wandering = try #require(IPPrefix("10.99.0.0/24"))
        inventory.sites[0].networks.append(wandering)
        let before = try #require(Plan.derive(from: inventory)[name("s0")])
        inventory.sites[0].networks.removeLast()
        inventory.sites[1].networks.append(wandering)
        let after = try #require(Plan.derive(from: inventory)[name("s0")])
        let expanded = GatewayPlan.transition(from: before, to: after, at: .expand)
        #expect(expanded.networks.contains(wandering))
        #expect(!expanded.routes.contains { $0.destination == wandering } && !expanded.unreachable.contains(wandering))
        let switched = GatewayPlan.transition(from: before, to: after, at: .switchOver)
        #expect(!switched.networks.contains(wandering))
        #expect(switched.routes.contains { $0.destination == wandering } && switched.unreachable.contains(wandering))
    }

    /// A gateway that takes the place of another, at its address: two tunnels between the same two addresses can't be.
    @Test func oneSiteFollowsAnotherAtItsAddress() throws {
        var inventory = try Samples.mesh(of: 3)
        let before = try #require(Plan.derive(from: inventory)[name("s0")])
        inventory.sites[2].name = try name("heir")
        let after = try #require(Plan.derive(from: inventory)[name("s0")])
        let peers = try TransitionStep.allCases.map { step in
            let plan = GatewayPlan.transition(from: before, to: after, at: step)
            #expect(Set(plan.tunnels.map(\.outer)).count == plan.tunnels.count)
            let tunnel = try #require(plan.tunnels.last { $0.peer.description != "s1" })
            #expect(plan.ike.map(\.peer).contains(tunnel.peer))
            return tunnel.peer.description
        }
        #expect(peers == ["s2", "heir", "heir"])
    }
}
