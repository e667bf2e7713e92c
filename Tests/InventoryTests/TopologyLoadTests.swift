import Testing
import WarrenInventory
import WarrenModel

@Suite struct TopologyLoadTests {
    private let sites = """
        sites:
          berlin: {gateway: {public: 203.0.113.10, private: 10.1.0.1, ipsec: {mode: transport}}, networks: [10.1.0.0/16]}
          oslo: {gateway: {public: 203.0.113.30, private: 10.3.0.1, mtu: 1400}, networks: [10.3.0.0/16], index: 12}
          tokyo: {gateway: {public: 198.51.100.20, private: 10.2.0.1}, networks: [10.2.0.0/16], drained: true}

        """

    private func inventory(_ text: String) throws -> Inventory {
        let result = load("version: 1\nmesh: acme\n" + text + sites)
        return try #require(result.inventory, "\(result.diagnostics)")
    }

    private func names(_ texts: String...) -> [SiteName] { texts.compactMap { SiteName($0) } }

    @Test func everyTopologyIsDecoded() throws {
        #expect(try inventory("").topology == .fullMesh)
        #expect(try inventory("topology: {kind: full-mesh}\n").topology == .fullMesh)
        #expect(
            try inventory("topology: {kind: hub-and-spoke, hubs: [oslo, berlin]}\n").topology
                == .hubAndSpoke(hubs: names("oslo", "berlin")))
        #expect(
            try inventory("topology:\n  kind: groups\n  groups: {north: [oslo, berlin], all: [tokyo, oslo, berlin]}\n").topology
                == .groups([
                    SiteGroup(name: "north", sites: names("oslo", "berlin")),
                    SiteGroup(name: "all", sites: names("tokyo", "oslo", "berlin")),
                ]))
        for text in ["explicit", "{kind: explicit}"] {
            #expect(try inventory("topology: \(text)\nlinks: [{between: [berlin, oslo]}]\n").topology == .explicit)
        }
    }

    @Test func whatASiteSaysIsDecoded() throws {
        let inventory = try inventory("defaults: {mtu: 1492}\n")
        #expect(inventory.sites.map(\.index) == [nil, 12, nil])
        #expect(inventory.sites.map(\.isDrained) == [false, false, true])
        #expect(inventory.sites.map(\.gateway.mtu) == [1492, 1400, 1492])
    }

    @Test func aLinkTakesTheRestFromTheEndThatStartsIt() throws {
        let inventory = try inventory(
            "links: [{between: [oslo, berlin], ipsec: {child: {lifetime: 2h}}}, {between: [oslo, tokyo]}]\n")
        let first = try #require(inventory.links.first)
        #expect(inventory.links.map(\.link.description) == ["berlin--oslo", "oslo--tokyo"])
        #expect(first.ipsec?.mode == .transport)
        #expect(first.ipsec?.child.lifetimeSeconds == 7200)
        #expect(inventory.links.last?.ipsec == nil)
    }

    @Test func promisesKnowWhereTheyStand() throws {
        let inventory = try inventory(
            "tests:\n  - {from: berlin, to: oslo, expect: reachable}\n  - {from: oslo, to: \"fd00::1\", expect: unreachable}\n")
        #expect(inventory.tests.map(\.to.description) == ["oslo", "fd00::1"])
        #expect(inventory.tests.map(\.expect) == [.reachable, .unreachable])
        #expect(inventory.tests.map(\.location.description) == ["mesh.yaml:4:5", "mesh.yaml:5:5"])
    }

    @Test func linksAndTestsOfAllFilesAddUp() throws {
        let head = "version: 1\nmesh: acme\ntopology: explicit\n" + sites
        let load = Inventory.load([
            InventoryFile(name: "a.yaml", text: head + "links: [{between: [berlin, oslo]}]\n"),
            InventoryFile(
                name: "b.yaml",
                text: "topology: {kind: explicit}\nlinks: [{between: [tokyo, oslo]}]\n"
                    + "tests: [{from: oslo, to: berlin, expect: reachable}]\n"),
        ])
        #expect(load.diagnostics == [])
        #expect(load.inventory?.links.map(\.link.description) == ["berlin--oslo", "oslo--tokyo"])
        #expect(load.inventory?.tests.map(\.location.file) == ["b.yaml"])
    }

    @Test func filesThatWantDifferentTopologiesContradict() {
        let load = Inventory.load([
            InventoryFile(
                name: "a.yaml", text: "version: 1\nmesh: acme\ntopology: {kind: hub-and-spoke, hubs: [oslo]}\n" + sites),
            InventoryFile(name: "b.yaml", text: "topology: {kind: hub-and-spoke, hubs: [berlin]}\n"),
            InventoryFile(name: "c.yaml", text: "topology: full-mesh\n"),
        ])
        #expect(
            load.diagnostics.map(\.description) == [
                """
                b.yaml:1:11: error[contradiction]: 'topology' is another hub-and-spoke here than before
                  other: a.yaml:3:11
                  remedy: let both say the same
                """,
                """
                c.yaml:1:11: error[contradiction]: 'topology' is full-mesh here and hub-and-spoke before
                  other: a.yaml:3:11
                  remedy: let both say the same
                """,
            ])
    }

    /// The rule of each part of `MeshLinks`, against all pairs written out.
    @Test func linksAreThoseOfEveryPair() throws {
        let names = (0..<6).compactMap { SiteName("s\($0)") }
        let drained: Set = [names[3]]
        let extra = [LinkID(names[4], names[5])].compactMap(\.self)
        let topologies: [(Topology, (Int, Int) -> Bool)] = [
            (.fullMesh, { _, _ in true }), (.explicit, { _, _ in false }),
            (.hubAndSpoke(hubs: [names[3], names[1]]), { $0 == 1 || $1 == 1 }),
            (
                .groups([
                    SiteGroup(name: "a", sites: Array(names[0...2])),
                    SiteGroup(name: "b", sites: [names[2], names[3], names[4]]),
                ]), { max($0, $1) <= 2 || min($0, $1) == 2 && max($0, $1) <= 4 }
            ),
        ]
        for (topology, isLinked) in topologies {
            let links = MeshLinks(topology: topology, links: extra, names: names, drained: drained)
            for a in 0..<6 {
                let expected = (0..<6).filter { b in
                    a != b && a != 3 && b != 3 && (isLinked(a, b) || (min(a, b), max(a, b)) == (4, 5))
                }
                #expect(links.peers(of: a) == expected, "\(topology.kind) \(a)")
            }
            let hasHubs = topology.kind == "hub-and-spoke"
            #expect(links.transit(from: 0) == (hasHubs ? 1 : nil))
            #expect(links.transit(from: 1) == nil && links.transit(from: 3) == nil)
            #expect(links.peers(of: 6) == [] && links.peers(of: -1) == [])
        }
    }
}
