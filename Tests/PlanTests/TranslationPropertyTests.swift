import SeededRandom
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

/// Meshes of sites that number their hosts alike, made up at random: whatever the inventory takes, packets find their way in.
@Suite struct TranslationPropertyTests {

    /// Three to six sites. Each has 192.168.0.0/23 or a part of it, and perhaps a network that nobody else has.
    private func text(_ random: inout SeededNumbers) -> String {
        let count = Int.random(in: 3...6, using: &random)
        let topologies = ["full-mesh", "{kind: hub-and-spoke, hubs: [s0]}", "{kind: hub-and-spoke, hubs: [s1, s2]}"]
        var text =
            "version: 1\nmesh: m\ntopology: \(topologies[Int.random(in: 0..<topologies.count, using: &random)])\nsites:\n"
        for site in 0..<count {
            let length = Int.random(in: 23...26, using: &random)
            let common = "192.168.0.0/\(length)"
            let isSix = Bool.random(using: &random)
            let own = isSix ? "\"fd00:\(site)::/64\"" : "172.16.\(site).0/24"
            let seen = isSix && Bool.random(using: &random) ? ", \(own): \"fd0\(site):9::/64\"" : ""
            let outer = ["203.0.113.\(site + 1)", "dynamic", "vpn\(site).example.net"][Int.random(in: 0..<3, using: &random)]
            text += "  s\(site):\n    gateway: {public: \(outer), private: 192.168.0.1}\n    networks: [\(common), \(own)]\n"
            text += "    translate: {\(common): 10.\(site + 1).0.0/\(length)\(seen)}\n"
        }
        return text
    }

    @Test(arguments: 0..<60) func everyHostReachesEveryOther(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let mesh = MeshDerivation(try Samples.inventory(text: text(&random))).withEveryAddressSupposed()
        #expect(mesh.exposures() == [])
        let plans = Array(mesh)
        for from in plans {
            for to in plans where to.site != from.site {
                // A host of each network, by the address that the others see.
                for network in to.networks where from.networks.contains(where: { $0.family == network.family }) {
                    let host = try #require(network.first.advanced(by: 34))
                    let visible = to.translations.compactMap { $0.outward(host) }.first ?? host
                    let trace = try #require(MeshTrace(from: from.site, to: visible, in: mesh))
                    #expect(trace.holds, "\(PlanText.trace(trace))")
                    #expect(trace.forth.destinationAtEnd == host && trace.forth.site == to.site)
                    // The receiver's gateway would not send the answer out otherwise.
                    #expect(!to.networks.contains { $0.contains(trace.forth.sourceAtEnd) })
                }
            }
        }
    }
}
