import WarrenModel

extension MetricsPage {
    /// What the gateway of `site` says of its tunnel to `peer`.
    public mutating func addTunnel(site: String, peer: String, tunnel: TunnelReport?, associations: [SAReport]) {
        if let tunnel {
            for (direction, bytes, packets) in [
                ("receive", tunnel.receivedBytes, tunnel.receivedPackets), ("transmit", tunnel.sentBytes, tunnel.sentPackets),
            ] {
                counter(
                    "warren_tunnel_\(direction)_bytes_total",
                    "Bytes of inner packets through the tunnel, as the site counts them",
                    Double(bytes), labels: ["site": site, "peer": peer])
                counter(
                    "warren_tunnel_\(direction)_packets_total", "Inner packets through the tunnel, as the site counts them",
                    Double(packets), labels: ["site": site, "peer": peer])
            }
        }
        for direction in [SecurityPolicy.Direction.inbound, .outbound] {
            let own = associations.filter { $0.direction == direction }
            gauge(
                "warren_sa_active", "ESP security associations that the gateway has", Double(own.count),
                labels: ["site": site, "peer": peer, "direction": direction.rawValue])
            guard let newest = own.min(by: { $0.ageSeconds < $1.ageSeconds }) else { continue }
            gauge(
                "warren_sa_age_seconds", "Age of the newest ESP security association", Double(newest.ageSeconds),
                labels: ["site": site, "peer": peer, "direction": direction.rawValue])
            gauge(
                "warren_sa_rekey_in_seconds", "Time until the newest ESP security association is rekeyed",
                Double(newest.rekeyInSeconds), labels: ["site": site, "peer": peer, "direction": direction.rawValue])
        }
    }
}
