import WarrenModel

/// A gateway's report for a person to read. Pure.
enum ReportText {
    /// Everything, in sections.
    static func report(_ report: AgentReport) -> String {
        var text = "\(report.site): agent \(report.agentVersion), generation \(report.applied)\n"
        if let failure = report.failure { text += "failure: \(failure)\n" }
        text += section("drift", report.drift)
        text += section("tunnels", report.tunnels.map { "\($0.tunnel.interface) to \($0.tunnel.peer): \(line($0))" })
        text += section(
            "routes", report.routes.map { "\($0.destination) dev \($0.interface)" + ($0.via.map { " via \($0)" } ?? "") })
        text += section("ike", report.ike.map { "\($0.peer): \(line($0))" })
        text += section("security associations", associationLines(report.securityAssociations))
        text += section("probes", report.probes.map { "\($0.peer): \(line($0))" })
        return text
    }

    static func line(_ tunnel: TunnelReport) -> String {
        let ends = tunnel.tunnel
        return "\(tunnel.isUp ? "up" : "DOWN"), \(ends.outer.local) > \(ends.outer.remote), inner \(ends.inner.local) > "
            + "\(ends.inner.remote), mtu \(ends.mtu), in \(tunnel.receivedPackets) packets, out \(tunnel.sentPackets)"
    }

    static func line(_ ike: IKEReport) -> String {
        ike.state.rawValue + (ike.state == .established ? " for \(ike.ageSeconds) s" : "")
            + (ike.proposal.map { ", \($0)" } ?? "") + (ike.lastError.map { ", last error \($0)" } ?? "")
    }

    static func line(_ probe: ProbeReport) -> String {
        "\(probe.answered) of \(probe.sent) answered"
            + (probe.roundTripMilliseconds.map { ", \(StatusText.milliseconds($0)) ms" } ?? "")
    }

    /// Only the security associations.
    static func associations(_ report: AgentReport) -> String {
        let lines = associationLines(report.securityAssociations)
        return lines.isEmpty ? "\(report.site) has no security associations\n" : lines.map { $0 + "\n" }.joined()
    }

    static func associationLines(_ associations: [SAReport]) -> [String] {
        let sorted = associations.sorted { ($0.peer, $0.direction.rawValue) < ($1.peer, $1.direction.rawValue) }
        let width = (sorted.map(\.peer.description.count).max() ?? 0) + 1
        return sorted.map { association in
            StatusText.pad(association.peer.description, width) + StatusText.pad(association.direction.rawValue, 4)
                + "\(association.spi) \(association.encryption.rawValue)\(association.extendedSequenceNumbers ? "-esn" : "") "
                + "\(association.mode.rawValue) \(path(association))\(association.isInUDP == true ? " in UDP" : ""), "
                + "age \(association.ageSeconds) s, rekey in \(association.rekeyInSeconds) s, "
                + "\(association.packets) packets, \(association.bytes) bytes"
        }
    }

    /// From the sender to the receiver.
    private static func path(_ association: SAReport) -> String {
        let ends = association.outer
        return association.direction == .outbound ? "\(ends.local) > \(ends.remote)" : "\(ends.remote) > \(ends.local)"
    }

    private static func section(_ title: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : "\(title)\n" + lines.map { "  \($0)\n" }.joined()
    }
}
