import WarrenMetrics
import WarrenModel

extension MetricsPage {
    /// What an agent says of its gateway.
    init(_ report: AgentReport) {
        self.init()
        let site = report.site.description
        gauge(
            "warren_agent_build_info", "The program's version; always 1", 1,
            labels: ["site": site, "version": report.agentVersion])
        gauge(
            "warren_agent_generation", "The generation that the gateway runs", Double(report.applied.rawValue),
            labels: ["site": site])
        gauge(
            "warren_agent_on_trial", "Whether the gateway runs it on trial", report.isOnTrial ? 1 : 0, labels: ["site": site])
        gauge(
            "warren_agent_failed", "Whether the gateway could not apply a state", report.failure == nil ? 0 : 1,
            labels: ["site": site])
        gauge(
            "warren_agent_drift_items", "Differences between what the gateway shall have and has", Double(report.drift.count),
            labels: ["site": site])
        for tunnel in report.tunnels {
            let peer = tunnel.tunnel.peer
            gauge(
                "warren_tunnel_up", "Whether the tunnel's interface is up", tunnel.isUp ? 1 : 0,
                labels: ["site": site, "peer": peer.description])
            addTunnel(
                site: site, peer: peer.description, tunnel: tunnel,
                associations: report.securityAssociations.filter { $0.peer == peer })
        }
        for ike in report.ike {
            gauge(
                "warren_ike_established", "Whether an IKE security association stands", ike.state == .established ? 1 : 0,
                labels: ["site": site, "peer": ike.peer.description])
        }
        for probe in report.probes { add(probe, site) }
        addProcess()
    }

    private mutating func add(_ probe: ProbeReport, _ site: String) {
        let peer = probe.peer.description
        counter(
            "warren_probe_requests_total", "Echo requests through the tunnel", Double(probe.sent),
            labels: ["site": site, "peer": peer])
        counter(
            "warren_probe_replies_total", "Echo replies through the tunnel", Double(probe.answered),
            labels: ["site": site, "peer": peer])
        if let time = probe.roundTripMilliseconds {
            gauge(
                "warren_probe_rtt_seconds", "Round-trip time of the last reply", time / 1_000,
                labels: ["site": site, "peer": peer])
        }
        if let loss = probe.lossPercent {
            gauge(
                "warren_probe_loss_ratio", "Share of the probes of the last minute without an answer", loss / 100,
                labels: ["site": site, "peer": peer])
        }
        if let mtu = probe.pathMTU {
            gauge(
                "warren_probe_path_mtu_bytes", "The largest packet that crosses the tunnel whole", Double(mtu),
                labels: ["site": site, "peer": peer])
        }
    }
}
