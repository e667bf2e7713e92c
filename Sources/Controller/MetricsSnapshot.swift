import Foundation
import WarrenModel
import WarrenStatus
import WarrenStore

extension Controller {
    /// All that metrics are made of, at one moment.
    public struct MetricsSnapshot: Sendable {
        /// What a gateway says of its link to one peer.
        public struct Account: Sendable {
            public var tunnel: TunnelReport?
            public var associations: [SAReport] = []
        }

        /// Without links.
        public var status: MeshStatus
        /// Those that are told one by one.
        public var links: [LinkStatus]
        /// Of the ends of these links, by site and peer.
        public var reports: [SiteName: [SiteName: Account]]
        public var rollout: RolloutRecord?
        public var latestEvent: UInt64
        public var certificateEnds: [SiteName: Date]
        public var authorityEnds: Date
    }

    /// - Parameter mostLinks: how many links are told one by one; of a mesh that has more, only those that are not well.
    public nonisolated func metrics(mostLinks: Int) async throws -> MetricsSnapshot {
        let (summary, _) = await statusInPieces(LinkSelection(.none))
        let count = summary.counts?.links.values.reduce(0, +) ?? 0
        var links: [LinkStatus] = []
        for piece in AnySequence(await statusInPieces(LinkSelection(count > mostLinks ? .unwell : .all)).links) {
            links += piece.prefix(mostLinks - links.count)
            if links.count >= mostLinks { break }
        }
        var reports: [SiteName: [SiteName: MetricsSnapshot.Account]] = [:]
        let needed = links.reduce(into: Set<SiteName>()) { $0.formUnion($1.link.sites) }
        for (site, report) in await self.reports(of: needed) {
            var accounts: [SiteName: MetricsSnapshot.Account] = [:]
            for tunnel in report.tunnels { accounts[tunnel.tunnel.peer, default: .init()].tunnel = tunnel }
            for association in report.securityAssociations {
                accounts[association.peer, default: .init()].associations.append(association)
            }
            reports[site] = accounts
        }
        let agents = try await translatingStoreErrors { try await store.agents() }
        let names = await siteNames
        return MetricsSnapshot(
            status: summary, links: links, reports: reports, rollout: await currentRollout,
            latestEvent: try await latestEvent(),
            certificateEnds: agents.reduce(into: [:]) { ends, agent in
                if let name = names[agent.site] { ends[name] = agent.certificateEnds }
            }, authorityEnds: authority.certificate.notValidAfter)
    }

    private func reports(of sites: Set<SiteName>) -> [SiteName: AgentReport] {
        sites.reduce(into: [:]) { reports, site in reports[site] = observation(of: site)?.report }
    }

    private var siteNames: [SiteID: SiteName] {
        Dictionary(sites.live.values.map { ($0.id, $0.name) }) { first, _ in first }
    }
}
