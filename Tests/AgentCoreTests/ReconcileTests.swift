import AgentCore
import SeededRandom
import Testing
import WarrenModel
import WarrenPlan

struct ReconcileTests {
    private let two = GatewayPlan(
        site: Sample.site, platform: .embedded, index: 1, outerAddresses: [Sample.outer], innerAddress: Sample.inner,
        networks: [], tunnels: [Sample.tunnel(to: 2, interface: 2)],
        routes: [Route(destination: Sample.network(2), via: nil, interface: "gif2")], unreachable: [Sample.network(2)],
        policies: Sample.policies(to: 2), firewall: Sample.firewall(to: 2), ike: [Sample.ike(to: 2)])
    private let empty = GatewayPlan(
        site: Sample.site, platform: .embedded, index: 1, outerAddresses: [Sample.outer], innerAddress: Sample.inner,
        networks: [])

    @Test func buildsFromProtectionToRoutes() {
        let inbound = two.policies[1], outbound = two.policies[0]
        #expect(
            reconcile(desired: Sample.desired(two), observed: ObservedState()) == [
                .setFirewall(two.firewall), .addUnreachable(Sample.network(2)), .addPolicy(inbound), .addPolicy(outbound),
                .setTunnel(two.tunnels[0]), .setPeer(two.ike[0]), .addRoute(two.routes[0]),
            ])
    }

    @Test func takesDownTheOtherWay() {
        let gateway = ModelGateway(running: two)
        #expect(
            reconcile(desired: Sample.desired(empty), observed: gateway.state) == [
                .removeRoute(two.routes[0]), .removePeer(Sample.peer(2)), .removeTunnel(interface: "gif2"),
                .removePolicy(two.policies[1]), .removePolicy(two.policies[0]), .removeUnreachable(Sample.network(2)),
                .setFirewall([]),
            ])
    }

    @Test func changesInPlace() {
        var wider = two
        wider.tunnels = [Sample.tunnel(to: 2, interface: 2, mtu: 1380)]
        wider.ike = [Sample.ike(to: 2, epoch: 2)]
        let operations = reconcile(desired: Sample.desired(wider), observed: ModelGateway(running: two).state)
        #expect(operations == [.setTunnel(wider.tunnels[0]), .setPeer(wider.ike[0])])
    }

    @Test func setsPeersWhoseKeyChanged() {
        let observed = ModelGateway(running: two).state
        let operations = reconcile(
            desired: Sample.desired(two), observed: observed, changedKeys: [Sample.peer(2), Sample.peer(9)])
        #expect(operations == [.setPeer(two.ike[0])])
    }

    @Test func aTunnelThatWaitsForItsPeerIsNoDifference() {
        var gateway = ModelGateway(running: two)
        gateway.state.tunnels[0].isUp = false
        #expect(reconcile(desired: Sample.desired(two), observed: gateway.state) == [])
        #expect(drift(desired: Sample.desired(two), observed: gateway.state) == [])
    }

    @Test func tellsDriftInSentences() {
        let sentences = drift(desired: Sample.desired(two), observed: ObservedState())
        #expect(sentences.contains("tunnel gif2 to site2 is missing"))
        #expect(sentences.contains("the route to 10.0.2.0/24 by gif2 is missing"))
        let leftovers = drift(desired: Sample.desired(empty), observed: ModelGateway(running: two).state)
        #expect(leftovers.contains("IKE peer site2 is not in the plan"))
        #expect(leftovers.contains("tunnel gif2 is not in the plan"))
    }

    /// Any plan from the state of any other, some of it torn out: reached in one pass, closed at every step of it, and
    /// then there is nothing left to do.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func convergesClosedAndRests(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        for _ in 0..<500 {
            let before = Sample.plan(using: &random), after = Sample.desired(Sample.plan(using: &random))
            var gateway = ModelGateway(running: before, next: after.plan)
            let isIntact = Bool.random(using: &random)
            if !isIntact {
                gateway.state.routes = gateway.state.routes.filter { _ in Bool.random(using: &random) }
                gateway.state.peers = gateway.state.peers.filter { _ in Bool.random(using: &random) }
                gateway.state.tunnels.removeAll { _ in Bool.random(using: &random) }
                gateway.state.routes = gateway.state.routes.filter { route in
                    gateway.state.tunnels.contains { $0.tunnel.interface == route.interface }
                }
            }
            let operations = reconcile(desired: after, observed: gateway.state)
            #expect(operations.isEmpty == drift(desired: after, observed: gateway.state).isEmpty)
            for operation in operations { gateway.perform(operation) }
            #expect(gateway.exposures == [])
            #expect(reconcile(desired: after, observed: gateway.state) == [])
            #expect(drift(desired: after, observed: gateway.state) == [])
            #expect(Set(gateway.state.tunnels.map(\.tunnel)) == Set(after.plan.tunnels))
            #expect(gateway.state.routes == Set(after.plan.routes))
            #expect(gateway.state.policies == Set(after.plan.policies))
            #expect(gateway.state.peers == Set(after.plan.ike))
            #expect(gateway.state.firewall == after.plan.firewall)
            #expect(Set(gateway.state.translations) == Set(after.plan.translations))
        }
    }

    /// A pass that broke off anywhere is picked up by the next.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func resumesAfterABrokenPass(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        for _ in 0..<100 {
            let before = Sample.plan(using: &random), after = Sample.desired(Sample.plan(using: &random))
            var gateway = ModelGateway(running: before, next: after.plan)
            let first = reconcile(desired: after, observed: gateway.state)
            for operation in first.prefix(Int.random(in: 0...first.count, using: &random)) { gateway.perform(operation) }
            for operation in reconcile(desired: after, observed: gateway.state) { gateway.perform(operation) }
            #expect(gateway.exposures == [])
            #expect(reconcile(desired: after, observed: gateway.state) == [])
        }
    }
}
