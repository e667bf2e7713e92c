import AgentCore
import Testing
import WarrenModel
import WarrenPlan

struct TranslationTests {
    private let translation = NetworkTranslation(network: IPPrefix("10.9.1.0/24")!, visible: IPPrefix("10.201.1.0/24")!)!

    private func plan(_ translations: [NetworkTranslation], peers: [Int] = [2]) -> GatewayPlan {
        GatewayPlan(
            site: Sample.site, platform: .embedded, index: 1, outerAddresses: [Sample.outer], innerAddress: Sample.inner,
            networks: [IPPrefix("192.168.1.0/24")!] + translations.map(\.network),
            tunnels: peers.map { Sample.tunnel(to: $0, interface: $0) },
            routes: peers.map { Route(destination: Sample.network($0), via: nil, interface: "gif\($0)") },
            unreachable: peers.map(Sample.network), policies: peers.flatMap { Sample.policies(to: $0) },
            firewall: peers.flatMap(Sample.firewall), ike: peers.map { Sample.ike(to: $0) }, translations: translations)
    }

    private func operations(_ desired: GatewayPlan, from observed: ObservedState) -> [Operation] {
        reconcile(desired: Sample.desired(desired), observed: observed)
    }

    @Test func comesBeforeTunnelsAndGoesAfterThem() throws {
        let new = operations(plan([translation]), from: ObservedState())
        let set = try #require(new.firstIndex(of: .setTranslations([translation])))
        #expect(new[..<set].allSatisfy { if case .setTunnel = $0 { false } else { true } })
        #expect(new.filter { if case .setTranslations = $0 { true } else { false } }.count == 1)

        let gone = operations(plan([], peers: []), from: ModelGateway(running: plan([translation])).state)
        let unset = try #require(gone.firstIndex(of: .setTranslations([])))
        let removal = try #require(gone.firstIndex(of: .removeTunnel(interface: "gif2")))
        #expect(removal < unset)
        #expect(gone[unset...].allSatisfy { if case .removeTunnel = $0 { false } else { true } })
    }

    @Test func aStaleOneStaysUnlessItIsInTheWay() throws {
        let other = try #require(NetworkTranslation(network: IPPrefix("10.9.2.0/24")!, visible: IPPrefix("10.202.1.0/24")!))
        let observed = ModelGateway(running: plan([translation], peers: [3])).state
        let both = operations(plan([other]), from: observed).filter { if case .setTranslations = $0 { true } else { false } }
        #expect(both == [.setTranslations([translation, other]), .setTranslations([other])])
        let changed = try #require(NetworkTranslation(network: translation.network, visible: other.visible))
        #expect(operations(plan([changed], peers: [3]), from: observed) == [.setTranslations([changed])])
    }

    @Test func driftIsTold() throws {
        let desired = Sample.desired(plan([translation]))
        var observed = ModelGateway(running: plan([])).state
        #expect(drift(desired: desired, observed: observed) == ["network 10.9.1.0/24 is not translated to 10.201.1.0/24"])
        let nothing = IPPrefix(host: IPAddress(v4: 0))
        observed.translations = [translation, try #require(NetworkTranslation(network: nothing, visible: nothing))]
        #expect(drift(desired: desired, observed: observed) == ["the translations are not those of the plan"])
        #expect(operations(plan([translation]), from: observed) == [.setTranslations([translation])])
    }

    /// Nothing that carries follows a translation that failed; none is taken away when something else failed.
    @Test func guardsWhatFollows() {
        let set = Operation.setTranslations([translation])
        #expect(!Operation.setTunnel(Sample.tunnel(to: 2, interface: 2)).mayFollow(failed: [set]))
        #expect(!set.mayFollow(failed: [.removeTunnel(interface: "gif2")]))
        #expect(set.mayFollow(failed: []))
    }

    @Test(arguments: [
        ("10.8.0.0/24", "10.201.1.0/24", "10.8.0.0/24 is translated, and is no network of the site"),
        ("10.9.1.0/24", "10.9.1.0/24", "10.9.1.0/24 is translated to 10.9.1.0/24, which overlaps it"),
        (
            "10.9.1.0/24", "192.168.1.0/24",
            "10.9.1.0/24 is translated to 192.168.1.0/24, which overlaps the site's own 192.168.1.0/24"
        ),
        (
            "10.9.1.0/24", "10.0.2.0/24",
            "the route to 10.0.2.0/24 leads another site's packets past the translation of 10.9.1.0/24 to 10.0.2.0/24"
        ),
        ("192.168.1.0/24", "10.201.1.0/24", "tunnel gif2 has the real address 192.168.1.1 of the translated 192.168.1.0/24"),
    ])
    func whatCannotBeIsRefused(network: String, visible: String, fault: String) throws {
        var plan = plan([])
        plan.networks.append(IPPrefix("10.9.1.0/24")!)
        let real = try #require(IPPrefix(network)), seen = try #require(IPPrefix(visible))
        plan.translations = [try #require(NetworkTranslation(network: real, visible: seen))]
        #expect(Sample.desired(plan).faults(for: Sample.site) == [fault])
    }

    @Test func twoThatOverlapAreRefused() throws {
        let inside = try #require(NetworkTranslation(network: IPPrefix("10.9.2.0/25")!, visible: IPPrefix("10.201.1.0/25")!))
        #expect(
            Sample.desired(plan([translation, inside])).faults(for: Sample.site) == [
                "the translations of 10.9.1.0/24 to 10.201.1.0/24 and of 10.9.2.0/25 to 10.201.1.0/25 overlap"
            ])
        #expect(Sample.desired(plan([translation])).faults(for: Sample.site) == [])
    }
}
