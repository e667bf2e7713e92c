import SeededRandom
import Testing
import WarrenModel

@testable import WarrenInventory

@Suite struct TranslationTests {
    /// `sites` with the networks and translations of each.
    private func text(_ sites: [(networks: String, translate: String)]) -> String {
        var text = "version: 1\nmesh: m\nsites:\n"
        for (index, site) in sites.enumerated() {
            let network = site.networks.split(separator: ",").first.flatMap { IPPrefix(String($0)) }
            let inner = network?.first.advanced(by: 1).map(\.description) ?? "10.0.0.1"
            text += "  s\(index):\n    gateway: {public: 203.0.113.\(index + 1), private: \(inner)}\n"
            text += "    networks: [\(site.networks)]\n"
            if !site.translate.isEmpty { text += "    translate: {\(site.translate)}\n" }
        }
        return text
    }

    private func rules(_ sites: [(networks: String, translate: String)]) -> [String] {
        load(text(sites)).diagnostics.map(\.rule.rawValue)
    }

    @Test func translationsStandInTheOrderOfTheNetworks() throws {
        let result = load(
            text([("10.2.0.0/16,10.1.0.0/16,10.3.0.0/16", "10.3.0.0/16: 10.203.0.0/16, 10.2.0.0/16: 10.202.0.0/16")]))
        let site = try #require(result.inventory?.sites.first, "\(result.diagnostics)")
        #expect(site.translations.map(\.network.description) == ["10.2.0.0/16", "10.3.0.0/16"])
        #expect(site.translations.map(\.visible.description) == ["10.202.0.0/16", "10.203.0.0/16"])
        #expect(site.networks.map(\.description) == ["10.2.0.0/16", "10.1.0.0/16", "10.3.0.0/16"])
    }

    @Test func onlyWhatBothTranslateMayCollide() {
        let net = "192.168.1.0/24"
        let seen = { (number: Int) in "\(net): 10.20\(number).1.0/24" }
        #expect(rules([(net, seen(1)), (net, seen(2)), (net, seen(3))]) == [])
        #expect(rules([(net, seen(1)), (net, "")]) == ["network-overlap"])
        #expect(rules([(net, ""), (net, seen(1))]) == ["network-overlap"])
        #expect(rules([(net, seen(1)), (net, seen(1))]) == ["network-overlap"])
        // Seen as what another has for its own, translated or not: that one's gateway would keep the packet.
        #expect(rules([(net, seen(1)), ("10.201.1.0/24", "")]) == ["network-overlap"])
        #expect(rules([(net, seen(1)), ("10.201.1.0/24", "10.201.1.0/24: 10.9.9.0/24")]) == ["network-overlap"])
        #expect(rules([("10.201.0.0/16", "10.201.0.0/16: 10.9.0.0/16"), (net, seen(1))]) == ["network-overlap"])
        // Inside one site, a redundant network is that rule's business.
        #expect(rules([("192.168.0.0/16", "192.168.0.0/16: 10.0.0.0/16"), (net, seen(1))]) == [])
    }

    /// Against the definition, pair by pair.
    @Test(arguments: 0..<200) func findsWhatComparingEveryPairFinds(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var prefixes: [IPPrefix] = []
        var hidden: [Bool] = []
        for _ in 0..<60 {
            let address = IPAddress(v4: 0x0a00_0000 | UInt32.random(in: 0...0xfff, using: &random) << 12)
            guard let prefix = IPPrefix(containing: address, length: Int.random(in: 8...22, using: &random)) else { continue }
            prefixes.append(prefix)
            hidden.append(Bool.random(using: &random))
        }
        let found = PrefixOverlaps(of: prefixes, hidden: hidden).pairs
        var expected: Set<PrefixOverlaps.Pair> = []
        for pair in PrefixOverlaps(of: prefixes).pairs where !(hidden[pair.wider] && hidden[pair.narrower]) {
            expected.insert(pair)
        }
        #expect(Set(found) == expected && found.count == expected.count)
        // For each narrower one the widest comes first.
        for (pair, next) in zip(found, found.dropFirst()) where pair.narrower == next.narrower {
            #expect(prefixes[pair.wider].length <= prefixes[next.wider].length)
        }
    }

    @Test func thousandsWithTheSameNetworkCostNoPairs() {
        let network = Array(repeating: IPPrefix(host: IPAddress(v4: 0xc0a8_0101)), count: 200_000)
        #expect(PrefixOverlaps(of: network, hidden: Array(repeating: true, count: network.count)).pairs == [])
    }

    /// The lines of a remedy, put where they say, make the inventory good.
    @Test func theRemedyIsPastedAndHolds() throws {
        let net = "192.168.1.0/24"
        let first = load(text([(net, ""), (net, ""), (net, "")]))
        #expect(first.diagnostics.map(\.rule) == [.networkOverlap, .networkOverlap, .networkOverlap])
        var lines: [String: String] = [:]
        for diagnostic in first.diagnostics {
            for line in (diagnostic.remedy ?? "").split(separator: "\n").dropFirst() {
                let match = try #require(try /^ +in (.*?): translate: \{(.*)\}$/.wholeMatch(in: String(line)), "\(line)")
                // The same for a site in every remedy.
                #expect([nil, String(match.2)].contains(lines[String(match.1)]))
                lines[String(match.1)] = String(match.2)
            }
        }
        #expect(lines.keys.sorted() == ["s0", "s1", "s2"])
        #expect(rules((0...2).map { (net, lines["s\($0)"] ?? "") }) == [])
        // A site that translates another network already gets a further entry; IPv6 is quoted.
        let six = "\"fd00:1::/64\""
        let second = load(text([("10.1.0.0/16,\(six)", "10.1.0.0/16: 10.2.0.0/16"), ("10.3.0.0/16,\(six)", "")]))
        let remedy = try #require(second.diagnostics.first?.remedy)
        #expect(remedy.contains("in the 'translate' of s0: \"fd00:1::/64\": \"fd00:"), "\(remedy)")
        #expect(remedy.contains("in s1: translate: {\"fd00:1::/64\": \"fd00:"), "\(remedy)")
    }

    @Test func theTreeShowsWhatIsTranslated() throws {
        let net = "192.168.1.0/24"
        let space = try #require(
            Inventory.addressSpace(of: [
                InventoryFile(
                    name: "i.yaml",
                    text: text([(net, "\(net): 10.201.1.0/24"), (net, "\(net): 10.202.1.0/24"), ("10.202.0.0/16", "")]))
            ]).space)
        #expect(space.collisions == 1)
        let ten = try #require(space.roots.first), own = try #require(space.roots.last?.children.first)
        #expect(ten.children.map(\.prefix.description) == ["10.201.1.0/24", "10.202.0.0/16"])
        #expect(ten.children[0].owners.map(\.standsFor) == [IPPrefix(net)])
        #expect(ten.children[1].children.first?.collidesWith.map(\.site.description) == ["s2"])
        #expect(own.owners.map(\.seenAs) == [IPPrefix("10.201.1.0/24"), IPPrefix("10.202.1.0/24")])
        #expect(!own.isCollision && own.equals == [])
    }
}
