import WarrenModel
import WarrenPlan

/// When a report is worth sending: at once on news, each second while something is not as it shall be, else now and then.
public struct ReportSchedule: Sendable {
    /// The longest silence while all is well.
    public static let longestSilence: Duration = .seconds(3)
    /// The shortest wait between two reports that say the same.
    public static let shortestRepeat: Duration = .milliseconds(900)

    private var last: (report: AgentReport, shape: AgentReport, isWell: Bool, at: MonotonicTime)?

    public init() {}

    /// Whether to send `report` now; yes counts as sent.
    public mutating func shouldSend(_ report: AgentReport, isChanging: Bool, now: MonotonicTime) -> Bool {
        let isSame = last?.report == report
        let shape = isSame ? last?.shape ?? report : report.withoutCounters
        let isWell = isSame ? last?.isWell ?? false : report.isWell
        if let last, isSame || last.shape == shape {
            guard now.since(last.at) >= Self.wait(isChanging: isChanging, isWell: isWell) else { return false }
        }
        last = (report, shape, isWell, now)
        return true
    }

    /// When what was sent last is to be said again, if nothing is otherwise by then; nil when nothing was sent.
    public func deadline(isChanging: Bool) -> MonotonicTime? {
        last.map { $0.at + Self.wait(isChanging: isChanging, isWell: $0.isWell) }
    }

    private static func wait(isChanging: Bool, isWell: Bool) -> Duration {
        isChanging || !isWell ? shortestRepeat : longestSilence
    }
}

extension AgentReport {
    /// No fault, no drift, and each tunnel up with SAs both ways and a probe answered in the last three seconds.
    public var isWell: Bool {
        guard failure == nil, drift.isEmpty else { return false }
        let inbound = Set(securityAssociations.lazy.filter { $0.direction == .inbound }.map(\.peer))
        let outbound = Set(securityAssociations.lazy.filter { $0.direction == .outbound }.map(\.peer))
        let answered = Set(probes.lazy.filter { ($0.lastAnswerSecondsAgo ?? .infinity) <= 3 }.map(\.peer))
        return tunnels.allSatisfy { tunnel in
            let peer = tunnel.tunnel.peer
            return tunnel.isUp && inbound.contains(peer) && outbound.contains(peer) && answered.contains(peer)
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
