import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenLab

/// What a lab holds its hosts to, by the plan alone.
@Suite struct ReachabilityTests {
    private func checks(_ inventory: Inventory) throws -> [String] {
        let topology = try LabTopology(inventory)
        let plan = Plan.derive(from: inventory, assignments: Assignments(addresses: topology.given))
        return topology.reachabilityChecks(in: plan).map { check in
            let way = check.path.map { $0.map(\.description).joined(separator: " ") } ?? "apart"
            return "\(check.source) to \(check.destination): \(way)"
        }
    }

    @Test func bothWaysInEveryFamily() throws {
        var inventory = try makeInventory()
        inventory.sites.removeLast()
        #expect(
            try checks(inventory) == [
                "192.168.1.10 to 192.168.2.10: berlin tokyo", "fd00:1::10 to fd00:2::10: berlin tokyo",
                "192.168.2.10 to 192.168.1.10: tokyo berlin", "fd00:2::10 to fd00:1::10: tokyo berlin",
            ])
    }

    @Test func throughTheHubAndNotAtAll() throws {
        var sites = try ["hub", "one", "two", "idle"].enumerated().map { number, name in
            try makeSite(name, ["203.0.113.\(number + 1)"], "10.\(number).0.1", ["10.\(number).0.0/24"])
        }
        sites[3].isDrained = true
        let hub = try #require(SiteName("hub"))
        let all = try checks(Inventory(mesh: "m", topology: .hubAndSpoke(hubs: [hub]), sites: sites))
        #expect(all.count == 12)
        #expect(all.contains("10.1.0.10 to 10.2.0.10: one hub two"))
        #expect(all.contains("10.1.0.10 to 10.0.0.10: one hub"))
        #expect(all.filter { $0.hasSuffix("apart") }.count == 6)
    }

    @Test func hostsAreCalledByWhatTheOthersSee() throws {
        var sites = try ["one", "two"].enumerated().map { number, name in
            try makeSite(name, ["203.0.113.\(number + 1)"], "192.168.1.1", ["192.168.1.0/24", "172.16.\(number).0/24"])
        }
        for number in 0...1 {
            let visible = try #require(IPPrefix("10.20\(number).1.0/24"))
            sites[number].translations = [
                try #require(NetworkTranslation(network: sites[number].networks[0], visible: visible))
            ]
        }
        let inventory = Inventory(mesh: "m", sites: sites)
        #expect(
            try checks(inventory).prefix(4) == [
                "192.168.1.10 to 10.201.1.10: one two", "192.168.1.10 to 172.16.1.10: one two",
                "172.16.0.10 to 10.201.1.10: one two", "172.16.0.10 to 172.16.1.10: one two",
            ])
        #expect(try LabTopology(inventory).sites.map { $0.networks.compactMap(\.host?.description) }[1][0] == "192.168.1.10")
    }

    @Test func dynamicSitesGetAnAddress() throws {
        var inventory = try makeInventory()
        for number in 1...2 {
            inventory.sites[number].gateway.publicAddresses = []
            inventory.sites[number].gateway.publicAddressSource = .agent
        }
        let topology = try LabTopology(inventory)
        #expect(topology.sites[1].publicAddresses.map(\.description) == ["198.19.0.1", "2001:db8:fffd::1"])
        #expect(topology.sites[2].publicAddresses.map(\.description) == ["198.19.0.2", "2001:db8:fffd::2"])
        #expect(try checks(inventory).allSatisfy { !$0.hasSuffix("apart") })
        inventory.sites[0].networks.append(try #require(IPPrefix("198.19.0.0/30")))
        #expect(try LabTopology(inventory).sites[1].publicAddresses.first?.description == "198.19.0.4")
    }

    @Test func verdicts() throws {
        let one = try #require(SiteName("one")), two = try #require(SiteName("two"))
        let address = IPAddress(v4: 1)
        func reach(_ path: [SiteName]?, _ received: Int) -> LabVerification.Reach {
            LabVerification.Reach(
                from: one, to: two, source: address, destination: address, sent: 1, received: received,
                roundTripMilliseconds: nil, path: path)
        }
        #expect(reach([one, two], 1).holds && reach(nil, 0).holds)
        #expect(!reach([one, two], 0).holds && !reach(nil, 1).holds)
        let classifier = FrameClassifier(gateways: [], controller: [])
        let text = LabVerification(pairs: [reach(nil, 1)], frames: [], classifier: classifier, addresses: [:]).text
        #expect(text.hasSuffix("NOT verified: 0 of 0 address pairs reach each other; 0 of 1 are kept apart\n"))
        let hub = try #require(SiteName("hub"))
        let silent = LabVerification(pairs: [reach([one, hub, two], 1)], frames: [], classifier: classifier, addresses: [:])
        #expect(silent.silent == ["hub to two", "one to hub"] && !silent.holds)
    }
}
