import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenStatus

@Suite struct MeshStatusTests {
    let berlin = SiteName("berlin")!, lima = SiteName("lima")!

    private func tracker(of sites: [SiteName], peers: [[Int]]? = nil) -> LinkTracker {
        var tracker = LinkTracker()
        tracker.adopt(
            LinkLayout(sites: sites, peers: peers ?? sites.map { _ in [] }), now: MonotonicTime(nanoseconds: 0))
        return tracker
    }

    @Test func sitesTellAMismatch() {
        let now = MonotonicTime(nanoseconds: 5_000_000_000)
        func status(applied: UInt64) -> MeshStatus {
            let report = AgentReport(
                site: berlin, agentVersion: "1", version: StateVersion(generation: Generation(rawValue: applied)))
            return MeshStatus.derive(
                mesh: "acme", generation: Generation(rawValue: 3), links: tracker(of: [berlin]),
                observations: [berlin: AgentObservation(connected: true, report: report, arrived: now + .seconds(-2))], now: now
            )
        }
        #expect(status(applied: 3).isWell)
        #expect(status(applied: 3).sites[0].lastReportSecondsAgo == 2)
        #expect(status(applied: 3).counts == MeshCounts(sites: 1, connectedSites: 1))
        #expect(!status(applied: 2).isWell)
        #expect(!status(applied: 0).isWell)
        // That it is behind is no failure of its own.
        #expect(status(applied: 2).sites[0].failure == nil)
    }

    /// A gateway that a change does not touch keeps the version of the generation before, and is as it shall be.
    @Test func whatIsIntendedCountsNotTheGeneration() {
        let now = MonotonicTime(nanoseconds: 5_000_000_000), version = StateVersion(generation: Generation(rawValue: 2))
        let report = AgentReport(site: berlin, agentVersion: "1", version: version)
        func status(intended: StateVersion, isRollingOut: Bool) -> MeshStatus {
            MeshStatus.derive(
                mesh: "acme", generation: Generation(rawValue: 3), links: tracker(of: [berlin]), intended: [berlin: intended],
                isRollingOut: isRollingOut,
                observations: [berlin: AgentObservation(connected: true, report: report, arrived: now)], now: now)
        }
        #expect(status(intended: version, isRollingOut: false).isWell)
        #expect(!status(intended: version, isRollingOut: true).isWell)
        #expect(!status(intended: StateVersion(generation: Generation(rawValue: 3)), isRollingOut: false).isWell)
    }

    private func gateway(
        _ outer: String?, _ inner: String, from source: PublicAddressSource = .inventory
    ) -> Gateway {
        Gateway(
            publicAddresses: outer.map { [IPAddress($0)!] } ?? [], privateAddress: IPAddress(inner)!, platform: .embedded,
            ipsec: IPsecParameters(), publicAddressSource: source)
    }

    private func mesh(drained: Bool = false, lima: Gateway) -> MeshDerivation {
        let gateway = self.gateway("203.0.113.1", "192.168.1.1")
        return MeshDerivation(
            Inventory(
                mesh: "acme", topology: .fullMesh,
                sites: [
                    Site(name: berlin, gateway: gateway, networks: [IPPrefix("192.168.1.0/24")!]),
                    Site(
                        name: self.lima, gateway: lima, networks: [IPPrefix("192.168.2.0/24")!], isDrained: drained),
                ]))
    }

    @Test(arguments: [
        (PublicAddressSource.agent, "waits for the address of lima, which its agent tells"),
        (.name("gw.example.net"), "waits for the address of lima, which the name gw.example.net has"),
    ])
    func aLinkWithoutAddressWaits(source: PublicAddressSource, reason: String) throws {
        let link = try #require(LinkID(berlin, lima))
        let lima = gateway(nil, "192.168.2.1", from: source)
        var links = LinkTracker()
        let layout = LinkLayout(mesh(lima: lima), awaited: [link: .init(peer: berlin, site: self.lima, source: source)])
        links.adopt(layout, now: MonotonicTime(nanoseconds: 0))
        let status = MeshStatus.derive(
            mesh: "acme", generation: Generation(rawValue: 1), links: links, observations: [:],
            now: MonotonicTime(nanoseconds: 2_000_000_000))
        #expect(status.links == [LinkStatus(link: link, state: .waiting, reason: reason, sinceSeconds: 2)])
        #expect(!status.isWell)
    }

    /// A drained site has no tunnels, and its links are told as what they are: nobody needs to look after them.
    @Test func aDrainedSitesLinksAreTold() throws {
        let gateway = self.gateway("203.0.113.2", "192.168.2.1")
        let drained = mesh(drained: true, lima: gateway), link = try #require(LinkID(berlin, lima))
        #expect(drained.linkIDs.isEmpty)
        var links = LinkTracker()
        links.adopt(LinkLayout(drained), now: MonotonicTime(nanoseconds: 0))
        let now = MonotonicTime(nanoseconds: 0)
        let status = try #require(links.status(of: link, now: now))
        #expect(status == LinkStatus(link: link, state: .drained, reason: "lima is drained", sinceSeconds: 0))
        #expect(links.statuses(LinkSelection(.unwell), now: now).isEmpty)
        links.adopt(LinkLayout(mesh(lima: gateway)), now: now)
        #expect(links.status(of: link, now: now)?.state == .unknown)
    }

    @Test func withoutPlanThereIsNothing() {
        let status = MeshStatus.derive(
            mesh: "", generation: .none, links: LinkTracker(), observations: [:], now: MonotonicTime(nanoseconds: 0))
        #expect(status.sites.isEmpty && status.links.isEmpty)
    }
}
