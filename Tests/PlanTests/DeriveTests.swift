import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct DeriveTests {
    /// The handbook's first gateway, line by line.
    @Test func theFirstGatewayGetsWhatTheHandbookTypes() throws {
        let plan = try #require(try Samples.plan("handbook")[name("first")])
        let tunnel = try #require(plan.tunnels.first)
        #expect(plan.tunnels.count == 1)
        #expect(tunnel.interface == "gif2")
        #expect(tunnel.outer.local.description == "203.0.113.10")
        #expect(tunnel.outer.remote.description == "198.51.100.20")
        #expect(tunnel.inner.local.description == "192.168.1.1")
        #expect(tunnel.inner.remote.description == "192.168.2.1")
        #expect(tunnel.mtu == 1418)
        #expect(plan.routes.map(ItemText.route) == ["192.168.2.0/24 via 192.168.2.1 through gif2"])
        #expect(plan.unreachable.map(\.description) == ["192.168.2.0/24"])
        #expect(
            plan.policies.map(ItemText.policy) == [
                "spdadd 203.0.113.10/32 198.51.100.20/32 ipencap -P out ipsec esp/tunnel/203.0.113.10-198.51.100.20/require",
                "spdadd 198.51.100.20/32 203.0.113.10/32 ipencap -P in ipsec esp/tunnel/198.51.100.20-203.0.113.10/require",
            ])
        #expect(plan.keys.map(\.reference.description) == ["psk:first--second#1"])
        #expect(
            plan.firewall.map(ItemText.firewall) == [
                "allow ip from any to any via gif2 in", "allow ip from any to any via gif2 out",
                "allow udp from 198.51.100.20 to 203.0.113.10 port 500,4500 in",
                "allow udp from 203.0.113.10 to 198.51.100.20 port 500,4500 out",
                "allow esp from 198.51.100.20 to 203.0.113.10 in", "allow esp from 203.0.113.10 to 198.51.100.20 out",
                "allow protected ipencap from 198.51.100.20 to 203.0.113.10 in",
                "allow protected ipencap from 203.0.113.10 to 198.51.100.20 out",
                "drop unprotected ipencap from 198.51.100.20 to 203.0.113.10 in",
                "drop unprotected ipencap from 203.0.113.10 to 198.51.100.20 out",
                "drop unprotected ipv6 from 198.51.100.20 to 203.0.113.10 in",
                "drop unprotected ipv6 from 203.0.113.10 to 198.51.100.20 out",
            ])
        #expect(plan.ike.map(\.initiator) == [true])
    }

    @Test func bothEndsOfEveryLinkMirrorEachOther() throws {
        for sample in try Samples.small() {
            let plan = try Samples.plan(sample)
            #expect(plan.links.count + plan.awaitedLinkCount == MeshDerivation(try Samples.inventory(sample)).linkCount)
            for link in plan.links {
                let here = try #require(plan[link.first]), there = try #require(plan[link.second])
                let tunnel = try #require(here.tunnels.first { $0.peer == link.second })
                let mirror = try #require(there.tunnels.first { $0.peer == link.first })
                #expect(tunnel.outer == AddressPair(local: mirror.outer.remote, remote: mirror.outer.local))
                #expect(tunnel.inner == AddressPair(local: mirror.inner.remote, remote: mirror.inner.local))
                #expect(tunnel.mtu == mirror.mtu && tunnel.mode == mirror.mode)
                #expect(tunnel.interface == "gif\(there.index)" && mirror.interface == "gif\(here.index)")
                let ike = try #require(here.ike.first { $0.peer == link.second })
                let ikeMirror = try #require(there.ike.first { $0.peer == link.first })
                #expect(ike.initiator && !ikeMirror.initiator)
                #expect(ike.parameters == ikeMirror.parameters && ike.key == ikeMirror.key)
                #expect(ike.selectors == ikeMirror.selectors.map(\.reversed))
                for (direction, opposite) in [
                    (SecurityPolicy.Direction.inbound, SecurityPolicy.Direction.outbound), (.outbound, .inbound),
                ] {
                    #expect(
                        here.policies.filter { $0.peer == link.second && $0.direction == direction }.map(\.selector)
                            == there.policies.filter { $0.peer == link.first && $0.direction == opposite }.map(\.selector))
                }
            }
        }
    }

    @Test func oneTunnelCarriesBothFamiliesWhereBothEndsHaveThem() throws {
        let plan = try #require(try Samples.plan("five-sites")[name("berlin")])
        let lima = try name("lima"), tokyo = try name("tokyo")
        #expect(plan.ike.first { $0.peer == lima }?.selectors.map(\.ipProtocol) == [.ipencap, .ipv6])
        #expect(plan.ike.first { $0.peer == tokyo }?.selectors.map(\.ipProtocol) == [.ipencap])
        let six = try #require(plan.routes.first { $0.destination.family == .ipv6 })
        #expect(six.destination.description == "fd00:4::/64")
        #expect(six.via == nil)
        #expect(plan.policies.filter { $0.peer == lima }.count == 4)
        // Who has no IPv6 network keeps the others' from the default route, and has no route to them.
        let oslo = try #require(try Samples.plan("five-sites")[name("oslo")])
        #expect(oslo.routes.allSatisfy { $0.destination.family == .ipv4 })
        #expect(oslo.unreachable.filter { $0.family == .ipv6 }.count == 2)
    }

    @Test func everyRemoteNetworkIsKeptFromTheDefaultRoute() throws {
        let plan = try Samples.plan("five-sites")
        for gateway in plan.gateways {
            let remote = plan.gateways.filter { $0.site != gateway.site }.flatMap(\.networks)
            #expect(Set(gateway.unreachable) == Set(remote))
            #expect(gateway.unreachable.count == remote.count)
            #expect(Set(gateway.routes.map(\.destination)).isSubset(of: gateway.unreachable))
        }
    }

    @Test func aLinkRunsOverTheFamilyThatBothEndsHave() throws {
        let plan = try Samples.plan("ipv6-outer")
        let tunnel = try #require(plan[name("north")]?.tunnels.first)
        #expect(tunnel.outer.local.description == "2001:db8:1::10")
        #expect(tunnel.outer.remote.description == "2001:db8:2::20")
        #expect(tunnel.mtu == 1378)
        #expect(plan[try name("north")]?.policies.first?.selector.source.length == 128)
    }

    @Test func bothEndsFollowTheInitiatorWhereTheyDiffer() throws {
        var inventory = try Samples.inventory("handbook")
        inventory.sites[0].gateway.ipsec.mode = .transport
        inventory.sites[1].gateway.ipsec.child.lifetimeSeconds = 60
        let plan = Plan.derive(from: inventory)
        for gateway in plan.gateways {
            #expect(gateway.ike.map(\.parameters) == [inventory.sites[0].gateway.ipsec])
            #expect(gateway.tunnels.map(\.mtu) == [1438])
            #expect(gateway.policies.allSatisfy { $0.mode == .transport })
        }
    }

    @Test func rawESPIsUsedWhereNoEndIsEmbedded() throws {
        var inventory = try Samples.inventory("handbook")
        inventory.sites[0].gateway.platform = .freebsd
        #expect(Plan.derive(from: inventory).gateways.flatMap(\.tunnels).map(\.mtu) == [1418, 1418])
        inventory.sites[1].gateway.platform = .linux
        #expect(Plan.derive(from: inventory).gateways.flatMap(\.tunnels).map(\.mtu) == [1426, 1426])
    }

    @Test func rawESPIsUsedWhereALinkSaysSo() throws {
        var inventory = try Samples.inventory("handbook")
        for index in [0, 1] {
            inventory.sites[index].gateway.platform = .embedded
            inventory.sites[index].gateway.ipsec.encapsulation = .esp
        }
        for gateway in Plan.derive(from: inventory).gateways {
            #expect(gateway.tunnels.map(\.mtu) == [1426])
            #expect(gateway.ike.allSatisfy { $0.parameters.encapsulation == .esp })
            #expect(gateway.ike.map(ItemText.ike).allSatisfy { $0.contains(", esp without udp, key ") })
        }
    }

    @Test func theOrderOfSitesMattersOnlyForTheirNumbers() throws {
        let inventory = try Samples.inventory("five-sites")
        let indexes = SiteIndexes.assign(inventory.sites, known: [:])
        let plan = Plan.derive(from: inventory)
        for shift in 1..<inventory.sites.count {
            let turned = Inventory(
                mesh: inventory.mesh, sites: Array(inventory.sites[shift...] + inventory.sites[..<shift]))
            #expect(Plan.derive(from: turned, assignments: Assignments(indexes: indexes)) == plan)
        }
    }

    @Test func aRotatedKeyIsAnotherReferenceOnBothEndsAndNowhereElse() throws {
        let inventory = try Samples.inventory("five-sites")
        let link = try #require(LinkID(name("berlin"), name("oslo")))
        let rotated = Plan.derive(from: inventory, assignments: Assignments(keyEpochs: [link: 7]))
        #expect(
            Set(Plan.changes(from: Plan.derive(from: inventory), to: rotated).map(\.subject)) == [
                "key oslo", "ike oslo", "key berlin", "ike berlin",
            ])
        #expect(rotated.gateways.flatMap(\.keys).filter { $0.reference.epoch == 7 }.map(\.reference.link) == [link, link])
    }

    @Test func aLargeMeshIsDerivedSoon() throws {
        let inventory = try Samples.mesh(of: 150)
        var plan = Plan(mesh: "", gateways: [])
        let time = ContinuousClock().measure { plan = Plan.derive(from: inventory) }
        #expect(plan.gateways.map(\.tunnels.count).reduce(0, +) == 150 * 149)
        #expect(time < .seconds(20), "took \(time)")
    }
}
