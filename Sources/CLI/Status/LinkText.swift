import WarrenAPIModel
import WarrenModel
import WarrenStatus

/// All that is known of one link, and of one gateway, for a person to read. Pure.
enum LinkText {
    static func link(_ details: APIMessage.LinkDetails, colour: Bool) -> String {
        let status = details.status
        var text = "link \(status.link.first) - \(status.link.second)\n\n" + LinkTable.text([status], colour: colour)
        if let reason = status.reason { text += "\n\(reason)\n" }
        if status.isFlapping == true { text += "\nit comes and goes: it counts as up once it has been so for a while\n" }
        for end in details.ends { text += "\n" + self.end(end) }
        return text + events(details.events)
    }

    private static func end(_ end: APIMessage.LinkEnd) -> String {
        let age = end.reportSecondsAgo.map { "report \(StatusText.span(seconds: $0)) ago" } ?? "it never reported"
        var lines = ["\(end.site): agent \(end.connected ? "connected" : "not connected"), \(age)"]
        if let tunnel = end.tunnel { lines.append("  tunnel  \(ReportText.line(tunnel))") }
        if let ike = end.ike { lines.append("  ike     \(ReportText.line(ike))") }
        lines += ReportText.associationLines(end.securityAssociations).map { "  sa      \($0)" }
        if let probe = end.probe { lines.append("  probe   \(ReportText.line(probe))") }
        lines += end.drift.map { "  drift   \($0)" }
        return lines.map { $0 + "\n" }.joined()
    }

    static func gateway(_ details: APIMessage.GatewayDetails, colour: Bool) -> String {
        let status = details.status
        let age = status.lastReportSecondsAgo.map { "report \(StatusText.span(seconds: $0)) ago" } ?? "it never reported"
        let list = { (items: [String]) in items.isEmpty ? "-" : items.joined(separator: ", ") }
        let fields = [
            ("agent", "\(status.connected ? "connected" : "not connected"), \(age)"),
            ("version", details.agentVersion ?? "-"),
            ("runs", status.version.map { "\($0)\(status.isOnTrial == true ? ", on trial" : "")" } ?? "-"),
            ("shall run", status.intended.map { "\($0)" } ?? "-"),
            ("certificate", details.certificateExpiresAt.map { "until \($0)" } ?? "none: 'warren token create \(status.site)'"),
            ("index", "\(details.index)"), ("platform", details.platform.rawValue),
            ("outer", list(details.outerAddresses.map(\.description))),
            ("networks", list(details.networks.map(\.description))), ("tags", list(details.tags)),
        ]
        var text = "gateway \(status.site)\n" + fields.map { "  " + StatusText.pad($0.0, 13) + $0.1 + "\n" }.joined()
        if let failure = status.failure { text += "\nfailure: \(failure)\n" }
        if !status.drift.isEmpty { text += "\ndrift\n" + status.drift.map { "  \($0)\n" }.joined() }
        text += "\n" + LinkTable.text(details.links, from: status.site, colour: colour)
        return text + events(details.events)
    }

    private static func events(_ events: [APIMessage.Event]) -> String {
        events.isEmpty ? "" : "\n" + events.map(EventText.line).joined()
    }
}
