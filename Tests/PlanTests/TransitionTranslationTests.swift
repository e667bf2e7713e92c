import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct TransitionTranslationTests {
    private func plan(_ translation: String, peers: ClosedRange<Int>) throws -> GatewayPlan {
        var lines = ["version: 1", "mesh: test", "topology: full-mesh", "sites:"]
        for number in [1] + Array(peers) {
            lines.append("  s\(number):")
            lines.append("    gateway: {public: 198.51.100.\(number), private: 10.\(number).0.1}")
            lines.append("    networks: [10.\(number).0.0/24]")
            if number == 1, !translation.isEmpty { lines.append("    translate: {10.1.0.0/24: \(translation)}") }
        }
        let load = Inventory.load([InventoryFile(name: "mesh.yaml", text: lines.joined(separator: "\n") + "\n")])
        let inventory = try #require(load.inventory, "\(load.diagnostics)")
        let name = try #require(SiteName("s1"))
        return try #require(MeshDerivation(inventory)[name])
    }

    /// A network begins to be translated, or ends to be, while a peer comes or leaves: no tunnel on the way has the real
    /// address of a network that is translated, which the gateway's agent would refuse.
    @Test(arguments: TransitionStep.allCases, ["", "10.101.0.0/24"])
    func noTunnelHasARealAddressOfATranslatedNetwork(step: TransitionStep, first: String) throws {
        let second = first.isEmpty ? "10.101.0.0/24" : ""
        for (before, after) in [(2...3, 2...2), (2...2, 2...3)] {
            let old = try plan(first, peers: before), new = try plan(second, peers: after)
            let way = GatewayPlan.transition(from: old, to: new, at: step)
            for tunnel in way.tunnels {
                #expect(!way.translations.contains { $0.network.contains(tunnel.inner.local) }, "\(tunnel)")
            }
            #expect(way.routes.allSatisfy { route in way.tunnels.contains { $0.interface == route.interface } })
        }
    }
}
