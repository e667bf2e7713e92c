import WarrenModel
import WarrenPlan

/// When a report is worth sending: at once on news, each second while something is not as it shall be, else now and then.
public struct ReportSchedule: Sendable {
    /// The longest silence while all is well.
    public static let longestSilence: Duration = .seconds(3)
    /// The shortest wait between two reports that say the same.
    public static let shortestRepeat: Duration = .milliseconds(900)

    private var last: (shape: AgentReport, at: MonotonicTime)?

    public init() {}

    /// Whether to send `report` now; yes counts as sent.
    public mutating func shouldSend(_ report: AgentReport, isChanging: Bool, now: MonotonicTime) -> Bool {
        let shape = report.withoutCounters
        if let last, last.shape == shape {
            let wait = isChanging || !report.isWell ? Self.shortestRepeat : Self.longestSilence
            guard now.since(last.at) >= wait else { return false }
        }
        last = (shape, now)
        return true
    }
}

extension AgentReport {
    /// No fault, no drift, and each tunnel up with SAs both ways and a probe answered in the last three seconds.
    public var isWell: Bool {
        guard failure == nil, drift.isEmpty else { return false }
        let directions = Dictionary(grouping: securityAssociations, by: \.peer).mapValues { Set($0.map(\.direction)) }
        let answered = Set(probes.filter { ($0.lastAnswerSecondsAgo ?? .infinity) <= 3 }.map(\.peer))
        return tunnels.allSatisfy {
            $0.isUp && directions[$0.tunnel.peer]?.count == 2 && answered.contains($0.tunnel.peer)
        }
    }

    /// The report less what grows by itself: two that are equal tell the same news.
    var withoutCounters: AgentReport {
        var shape = self
        shape.tunnels = tunnels.map { TunnelReport(tunnel: $0.tunnel, isUp: $0.isUp) }
        shape.securityAssociations = securityAssociations.map { association in
            var association = association
            association.ageSeconds = 0
            association.packets = 0
            association.bytes = 0
            association.rekeyInSeconds = 0
            return association
        }
        shape.ike = ike.map { report in
            var report = report
            report.ageSeconds = 0
            return report
        }
        shape.probes = probes.map { probe in
            ProbeReport(
                peer: probe.peer, lastAnswerSecondsAgo: (probe.lastAnswerSecondsAgo ?? .infinity) <= 3 ? 0 : nil,
                pathMTU: probe.pathMTU)
        }
        return shape
    }
}
