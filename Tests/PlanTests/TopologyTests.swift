import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct TopologyTests {
    private func peers(_ plan: Plan, _ site: String) throws -> [String] {
        try #require(plan[name(site)]).tunnels.map(\.peer.description)
    }

    @Test func spokesReachEachOtherThroughTheFirstHub() throws {
        let plan = try Samples.plan("hub-and-spoke")
        #expect(try peers(plan, "ghent") == ["berlin", "paris"])
        #expect(try peers(plan, "cork") == ["berlin", "dublin", "paris"])
        #expect(try peers(plan, "berlin") == ["cork", "dublin", "ghent", "paris"])
        #expect(try peers(plan, "malmo") == [])
        let ghent = try #require(plan[name("ghent")])
        #expect(
            ghent.routes.map(ItemText.route) == [
                "10.1.0.0/16 via 10.1.0.1 through gif1", "10.10.0.0/24 via 10.1.0.1 through gif1",
                "10.10.1.0/24 via 10.1.0.1 through gif1", "10.2.0.0/16 via 10.2.0.1 through gif2",
            ])
        // A tunnel of its own goes before the hub; what a drained site has stays unreachable.
        let cork = try #require(plan[name("cork")])
        #expect(cork.routes.contains { $0.destination.description == "10.10.1.0/24" && $0.interface == "gif4" })
        #expect(plan.gateways.allSatisfy { $0.routes.allSatisfy { $0.destination.description != "10.10.3.0/24" } })
        #expect(ghent.unreachable.map(\.description).contains("10.10.3.0/24"))
        #expect(try #require(plan[name("malmo")]).unreachable.count == 5)
    }

    @Test func theNextHubServesWhileTheFirstIsDrained() throws {
        var inventory = try Samples.inventory("hub-and-spoke")
        inventory.sites[0].isDrained = true
        let plan = Plan.derive(from: inventory)
        let ghent = try #require(plan[name("ghent")])
        #expect(ghent.tunnels.map(\.peer.description) == ["paris"])
        #expect(ghent.routes.map(\.interface) == ["gif2", "gif2", "gif2"])
        inventory.sites[1].isDrained = true
        #expect(Plan.derive(from: inventory)[try name("ghent")]?.routes == [])
    }

    @Test func aHubCarriesIPv6ForSpokesThoughItHasNone() throws {
        var inventory = try Samples.inventory("hub-and-spoke")
        for index in [2, 4] {
            inventory.sites[index].networks.append(try #require(IPPrefix("fd00:\(index)::/64")))
        }
        let plan = Plan.derive(from: inventory)
        let berlin = try name("berlin"), paris = try name("paris")
        let ghent = try #require(plan[name("ghent")])
        #expect(ghent.ike.first { $0.peer == berlin }?.selectors.map(\.ipProtocol) == [.ipencap, .ipv6])
        #expect(ghent.ike.first { $0.peer == paris }?.selectors.map(\.ipProtocol) == [.ipencap])
        #expect(
            ghent.routes.contains { $0.destination.description == "fd00:2::/64" && $0.interface == "gif1" && $0.via == nil })
        let hub = try #require(plan[berlin])
        #expect(hub.ike.first { $0.peer.description == "ghent" }?.selectors.map(\.ipProtocol) == [.ipencap, .ipv6])
        #expect(hub.ike.first { $0.peer.description == "dublin" }?.selectors.map(\.ipProtocol) == [.ipencap])
        #expect(MeshDerivation(inventory).exposures() == [])
        let trace = try #require(
            MeshTrace(
                from: name("ghent"), to: address("fd00:2::7"), in: MeshDerivation(inventory)))
        #expect(trace.holds)
        #expect(trace.forth.hops.map(\.site.description) == ["ghent", "berlin"])
    }

    @Test func groupsAreTheUnionOfTheirMeshes() throws {
        let plan = try Samples.plan("groups")
        #expect(try peers(plan, "berlin") == ["lisbon", "oslo", "seoul", "tokyo"])
        #expect(try peers(plan, "oslo") == ["berlin", "lisbon"])
        let oslo = try #require(plan[name("oslo")])
        #expect(!oslo.routes.contains { $0.destination.description == "192.168.2.0/24" })
        #expect(oslo.unreachable.map(\.description).contains("192.168.2.0/24"))
    }

    @Test func aLinkSaysWhatItRunsWith() throws {
        let plan = try Samples.plan("explicit-links")
        #expect(plan.links.map(\.description) == ["archive--office", "office--plant"])
        let office = try #require(plan[name("office")])
        #expect(office.tunnels.map(\.mode) == [.transport, .tunnel])
        // What the link does not say is as the end has it that starts it.
        #expect(office.ike.map(\.parameters.child.lifetimeSeconds) == [3600, 3600])
        let cork = try #require(try Samples.plan("hub-and-spoke")[name("cork")])
        #expect(cork.ike.map(\.parameters.child.lifetimeSeconds) == [3600, 1800, 3600])
    }

    @Test func aPinnedIndexStandsAgainstAKnownOne() throws {
        var inventory = try Samples.inventory("five-sites")
        inventory.sites[3].index = 1
        let known = SiteIndexes.assign(try Samples.inventory("five-sites").sites, known: [:])
        let indexes = SiteIndexes.assign(inventory.sites, known: known)
        #expect(inventory.sites.map { indexes[$0.name] } == [4, 2, 3, 1, 5])
    }

    @Test func oneGatewayIsDerivedAsAllAre() throws {
        for sample in try Samples.small() {
            let inventory = try Samples.inventory(sample)
            let plan = Plan.derive(from: inventory)
            for site in inventory.sites { #expect(GatewayPlan.derive(for: site.name, from: inventory) == plan[site.name]) }
            #expect(PlanSummary(plan) == PlanSummary(MeshDerivation(inventory)))
            #expect(PlanText.pieces(MeshDerivation(inventory)).joined() == PlanText.plan(plan))
        }
        #expect(GatewayPlan.derive(for: try name("nowhere"), from: try Samples.inventory("handbook")) == nil)
    }

    @Test func anExampleOfAnySizeIsSound() throws {
        for sites in [1, 2, 3, 300] {
            let inventory = try Samples.inventory(text: ExampleInventory.text(sites: sites))
            #expect(inventory.sites.count == sites)
        }
    }
}
