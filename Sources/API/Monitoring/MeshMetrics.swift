import Foundation
import Hummingbird
import WarrenController
import WarrenMetrics
import WarrenModel
import WarrenRollout
import WarrenStatus
import WarrenStore

/// `GET /metrics`: the mesh for Prometheus.
///
/// Of a mesh of more than `mostLinks` links, only those that are not well have series of their own, and no more than that many;
/// what all links come to is in `warren_links`.
struct MeshMetrics {
    static let mostLinks = 2_000

    private let snapshot: Controller.MetricsSnapshot
    private var page = MetricsPage()

    static func response(_ controller: Controller) async throws -> Response {
        var metrics = MeshMetrics(snapshot: try await controller.metrics(mostLinks: mostLinks))
        metrics.addAll()
        return Response(
            status: .ok, headers: [.contentType: MetricsPage.contentType, .cacheControl: "no-store"],
            body: .init(byteBuffer: .init(string: metrics.page.text)))
    }

    init(snapshot: Controller.MetricsSnapshot) { self.snapshot = snapshot }

    static func text(of snapshot: Controller.MetricsSnapshot) -> String {
        var metrics = MeshMetrics(snapshot: snapshot)
        metrics.addAll()
        return metrics.page.text
    }

    private mutating func addAll() {
        page.gauge(
            "warren_build_info", "The program's version; always 1", 1,
            labels: ["version": Controller.version, "agent_protocol": Controller.agentProtocol])
        addMesh()
        addRollout()
        for site in snapshot.status.sites { addSite(site) }
        for link in snapshot.links { addLink(link) }
        page.addProcess()
    }

    private mutating func addMesh() {
        let status = snapshot.status, counts = status.counts ?? MeshCounts()
        page.gauge("warren_sites", "Sites of the mesh", Double(counts.sites))
        page.gauge("warren_sites_connected", "Sites whose agent has a session", Double(counts.connectedSites))
        for state in LinkState.allCases {
            page.gauge(
                "warren_links", "Links of the mesh by state", Double(counts.links[state] ?? 0),
                labels: ["state": state.rawValue])
        }
        page.gauge("warren_links_flapping", "Links that come and go", Double(counts.flappingLinks))
        page.gauge(
            "warren_links_told", "Links that have series of their own", Double(snapshot.links.count))
        let generations = "Number of a generation: the current one, and the lowest and highest that connected gateways run"
        page.gauge(
            "warren_config_generation", generations, Double(status.generation.rawValue), labels: ["state": "current"])
        let applied = status.sites.filter(\.connected).map(\.applied.rawValue)
        if let lowest = applied.min(), let highest = applied.max() {
            page.gauge("warren_config_generation", generations, Double(lowest), labels: ["state": "applied_lowest"])
            page.gauge("warren_config_generation", generations, Double(highest), labels: ["state": "applied_highest"])
        }
        page.counter("warren_events_total", "Events since the mesh began", Double(snapshot.latestEvent))
        page.gauge(
            "warren_authority_certificate_expiry_timestamp_seconds", "When the certificate of the mesh's authority ends",
            snapshot.authorityEnds.timeIntervalSince1970)
    }

    private mutating func addRollout() {
        guard let rollout = snapshot.rollout else { return }
        let view = rollout.view
        for status in RolloutView.Status.allCases {
            page.gauge(
                "warren_rollout_status", "The latest roll-out: 1 for the status that it has", view.status == status ? 1 : 0,
                labels: ["status": status.rawValue])
        }
        page.gauge(
            "warren_rollout_generation", "The generation that the latest roll-out leads to",
            Double(rollout.generation.rawValue))
        page.gauge(
            "warren_rollout_start_timestamp_seconds", "When the latest roll-out began",
            rollout.startedAt.timeIntervalSince1970)
        let done = view.steps.flatMap(\.waves).reduce(0) { $0 + $1.done }, total = view.steps.reduce(0) { $0 + $1.total }
        for (state, count) in [
            ("total", total), ("done", done), ("failed", view.failed.count), ("late", view.late.count),
            ("under_way", view.underWay.count),
        ] {
            page.gauge(
                "warren_rollout_gateways",
                "Gateways of the latest roll-out, counted once for each step; those that failed or "
                    + "are late or under way now", Double(count), labels: ["state": state])
        }
    }

    private mutating func addSite(_ site: SiteStatus) {
        let name = site.site.description
        func truth(_ value: Bool) -> Double { value ? 1 : 0 }
        page.gauge(
            "warren_site_connected", "Whether the site's agent has a session", truth(site.connected), labels: ["site": name])
        page.gauge(
            "warren_site_current", "Whether the gateway runs what it shall",
            truth(site.isCurrent(in: snapshot.status.generation)), labels: ["site": name])
        page.gauge(
            "warren_site_generation", "The generation that the gateway runs", Double(site.applied.rawValue),
            labels: ["site": name])
        page.gauge(
            "warren_site_drift_items", "Differences between what the gateway shall have and has", Double(site.drift.count),
            labels: ["site": name])
        page.gauge(
            "warren_site_failed", "Whether the gateway could not apply a state", truth(site.failure != nil),
            labels: ["site": name])
        if let age = site.lastReportSecondsAgo {
            page.gauge(
                "warren_site_report_age_seconds", "Time since the gateway's last report", age, labels: ["site": name])
        }
        if let ends = snapshot.certificateEnds[site.site] {
            page.gauge(
                "warren_certificate_expiry_timestamp_seconds", "When the certificate of the site's agent ends",
                ends.timeIntervalSince1970, labels: ["site": name])
        }
    }

    private mutating func addLink(_ link: LinkStatus) {
        let name = link.link.description
        page.gauge(
            "warren_link_up", "Whether the link is up, proven by both ends and a probe", link.state == .up ? 1 : 0,
            labels: ["link": name])
        page.gauge(
            "warren_link_flapping", "Whether the link comes and goes", link.isFlapping == true ? 1 : 0, labels: ["link": name])
        page.gauge(
            "warren_link_state_age_seconds", "Time since the link's state changed", link.sinceSeconds ?? 0,
            labels: ["link": name])
        if let time = link.roundTripMilliseconds {
            page.gauge("warren_link_rtt_seconds", "Round-trip time through the tunnel", time / 1_000, labels: ["link": name])
        }
        if let loss = link.lossPercent {
            page.gauge(
                "warren_link_loss_ratio", "Share of the probes of the last minute without an answer", loss / 100,
                labels: ["link": name])
        }
        if let mtu = link.pathMTU {
            page.gauge(
                "warren_link_path_mtu_bytes", "The largest packet that crosses the tunnel whole", Double(mtu),
                labels: ["link": name])
        }
        for site in link.link.sites {
            guard let peer = link.link.peer(of: site), let account = snapshot.reports[site]?[peer] else { continue }
            page.addTunnel(
                site: site.description, peer: peer.description, tunnel: account.tunnel, associations: account.associations)
        }
    }
}
