import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenLab

func makeSite(_ name: String, _ publicAddresses: [String], _ privateAddress: String, _ networks: [String]) throws -> Site {
    Site(
        name: try #require(SiteName(name)),
        gateway: Gateway(
            publicAddresses: try publicAddresses.map { try #require(IPAddress($0)) },
            privateAddress: try #require(IPAddress(privateAddress)), platform: .embedded, ipsec: .init()),
        networks: try networks.map { try #require(IPPrefix($0)) })
}

func makeInventory(mesh: String = "acme") throws -> Inventory {
    Inventory(
        mesh: mesh,
        sites: [
            try makeSite("berlin", ["203.0.113.10", "2001:db8:a::10"], "192.168.1.1", ["192.168.1.0/24", "fd00:1::/64"]),
            try makeSite("tokyo", ["198.51.100.20", "2001:db8:b::20"], "192.168.2.1", ["192.168.2.0/24", "fd00:2::/64"]),
            try makeSite("lima", ["198.51.100.30"], "10.3.0.10", ["10.3.0.0/30", "10.3.0.8/30"]),
        ])
}

@Suite struct LabTopologyTests {
    @Test func namesFollowFromTheMesh() throws {
        let topology = try LabTopology(makeInventory())
        #expect(
            topology.namespaces == [
                "wr-acme.internet", "wr-acme.controller", "wr-acme.berlin.gw", "wr-acme.berlin.host", "wr-acme.tokyo.gw",
                "wr-acme.tokyo.host", "wr-acme.lima.gw", "wr-acme.lima.host",
            ])
        #expect(topology.names.directory == "/run/warren-lab/acme")
    }

    @Test func labsOfOtherMeshesShareNothing() throws {
        let one = try LabTopology(makeInventory(mesh: "acme")), other = try LabTopology(makeInventory(mesh: "acme-internet"))
        #expect(Set(one.namespaces).isDisjoint(with: other.namespaces))
        #expect(other.namespaces.allSatisfy { !$0.hasPrefix(one.names.prefix) })
    }

    @Test(arguments: ["", "../etc", "a.b", "a/b", "-rf", "a b", String(repeating: "a", count: 65)])
    func unsafeMeshNamesAreRefused(name: String) {
        #expect(throws: LabError.self) { try LabNames(mesh: name) }
    }

    @Test func everybodyHasAnAddressInEachNetwork() throws {
        let topology = try LabTopology(makeInventory())
        let berlin = try #require(topology.sites.first)
        #expect(berlin.networks.map(\.gateway.description) == ["192.168.1.1", "fd00:1::1"])
        #expect(berlin.networks.map { $0.host?.description } == ["192.168.1.10", "fd00:1::10"])
        let lima = try #require(topology.sites.last)
        #expect(lima.networks.map(\.gateway.description) == ["10.3.0.1", "10.3.0.10"])
        #expect(lima.networks.map { $0.host?.description } == ["10.3.0.2", "10.3.0.9"])
    }

    @Test(arguments: [
        ("192.168.1.0/24", "192.168.1.10", "192.168.1.1"), ("10.0.0.0/31", "10.0.0.0", "10.0.0.1"),
        ("10.0.0.0/28", "10.0.0.1", "10.0.0.10"), ("10.0.0.4/32", "10.0.0.4", nil), ("fd00::/127", "fd00::", "fd00::1"),
        ("fd00::/64", "fd00::10", "fd00::1"), ("10.0.0.0/8", "10.0.0.1", "10.0.0.10"),
    ])
    func hostsAvoidTheGateway(prefix: String, gateway: String, host: String?) throws {
        let network = LabTopology.SiteNetwork(
            of: try #require(IPPrefix(prefix)), gatewayAddress: try #require(IPAddress(gateway)))
        #expect(network.gateway.description == gateway)
        #expect(network.host?.description == host)
    }

    @Test func theControllerAvoidsTheInventory() throws {
        var inventory = try makeInventory()
        #expect(try LabTopology(inventory).controller.map(\.description) == ["192.0.2.1", "2001:db8:ffff::1"])
        inventory.sites.append(try makeSite("oslo", ["192.0.2.1"], "198.51.100.1", ["198.51.100.0/28"]))
        #expect(try LabTopology(inventory).controller.map(\.description) == ["203.0.113.1", "2001:db8:ffff::1"])
    }

    @Test func linesOfTheBatch() throws {
        let commands = LabCommands(try LabTopology(makeInventory()))
        #expect(commands.wires.contains("link add wan netns wr-acme.tokyo.gw type veth peer name port2 netns wr-acme.internet"))
        #expect(commands.wires.allSatisfy { $0.contains(" netns wr-acme.") })
        let gateway = try #require(commands.configure.first { $0.namespace == "wr-acme.berlin.gw" })
        #expect(
            gateway.batch == [
                "link set lo up", "link set wan up", "addr add 203.0.113.10/32 dev wan",
                "addr add 2001:db8:a::10/128 dev wan nodad", "route add default dev wan scope link",
                "route add ::/0 dev wan", "link set lan up", "addr add 192.168.1.1/24 dev lan",
                "addr add fd00:1::1/64 dev lan nodad",
            ])
        let host = try #require(commands.configure.first { $0.namespace == "wr-acme.lima.host" })
        #expect(
            host.batch == [
                "link set lo up", "link set eth0 up", "addr add 10.3.0.2/30 dev eth0", "addr add 10.3.0.9/30 dev eth0",
                "route add default via 10.3.0.1 dev eth0 onlink",
            ])
    }

    @Test func aGatewayBehindNATHasNoPublicAddress() throws {
        let lima = try #require(SiteName("lima")), topology = try LabTopology(makeInventory(), behindNAT: [lima])
        #expect(topology.namespaces.suffix(3) == ["wr-acme.lima.nat", "wr-acme.lima.gw", "wr-acme.lima.host"])
        #expect(topology.sites.map { $0.nat == nil } == [true, true, false])
        let commands = LabCommands(topology)
        #expect(commands.wires.contains("link add wan netns wr-acme.lima.nat type veth peer name port3 netns wr-acme.internet"))
        #expect(commands.wires.contains("link add inside netns wr-acme.lima.nat type veth peer name wan netns wr-acme.lima.gw"))
        let gateway = try #require(commands.configure.first { $0.namespace == "wr-acme.lima.gw" })
        #expect(
            gateway.batch.prefix(4) == [
                "link set lo up", "link set wan up", "addr add 100.64.0.2/30 dev wan",
                "route add default via 100.64.0.1 dev wan",
            ])
        let nat = try #require(commands.configure.first { $0.namespace == "wr-acme.lima.nat" })
        #expect(
            nat.batch == [
                "link set lo up", "link set wan up", "addr add 198.51.100.30/32 dev wan",
                "route add default dev wan scope link",
                "link set inside up", "addr add 100.64.0.1/30 dev inside",
            ])
        #expect(nat.rules.contains("masquerade") && nat.rules.contains("ct state new drop"))
        #expect(commands.configure.filter { !$0.rules.isEmpty } == [nat])
    }

    @Test func whatCannotBeBehindNATIsRefused() throws {
        // It has IPv6 outside.
        let berlin = try #require(SiteName("berlin"))
        #expect(throws: LabError.self) { try LabTopology(makeInventory(), behindNAT: [berlin]) }
    }

    /// A network of a site is never that between a NAT and its gateway.
    @Test func theNetworkBehindNATIsFree() throws {
        var inventory = try makeInventory()
        let lima = try #require(SiteName("lima"))
        for (taken, left) in [("100.64.0.0/16", "100.127.255.252/30"), ("100.64.0.0/10", "192.168.255.252/30")] {
            inventory.sites[2].networks.append(try #require(IPPrefix(taken)))
            let topology = try LabTopology(inventory, behindNAT: [lima])
            #expect(topology.sites[2].nat?.network.description == left)
        }
    }

    @Test func deviceNamesFitTheKernel() throws {
        let sites = try (1...300).map {
            try makeSite(
                "site-with-a-name-of-29-\($0)", ["100.64.\($0 / 250).\($0 % 250)"], "10.\($0 / 250).\($0 % 250).1",
                ["10.\($0 / 250).\($0 % 250).0/24"])
        }
        let topology = try LabTopology(Inventory(mesh: "large", sites: sites))
        #expect(topology.sites.allSatisfy { $0.port.utf8.count <= 15 })
        #expect(Set(topology.sites.map(\.port)).count == 300)
        #expect(topology.namespaces.allSatisfy { $0.utf8.count <= 255 })
    }
}
