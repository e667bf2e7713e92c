import WarrenModel
import WarrenPlan

/// When a report is worth sending: at once on news, each second while something is not as it shall be, else now and then.
public struct ReportSchedule: Sendable {
    /// The longest silence while all is well.
    public static let longestSilence: Duration = .seconds(3)
    /// The shortest wait between two reports that say the same.
    public static let shortestRepeat: Duration = .milliseconds(900)

    private var last: (said: Said, at: MonotonicTime)?

    /// Large, and kept by reference.
    private final class Said: Sendable {
        let report: AgentReport
        let isWell: Bool

        init(_ report: AgentReport, isWell: Bool) {
            self.report = report
            self.isWell = isWell
        }

        /// Whether the two differ at the most in what grows by itself. Mostly whole parts are equal.
        func tellsSameNews(as other: AgentReport) -> Bool {
            report.tunnels.tellsSame(as: other.tunnels) { $0.tunnel == $1.tunnel && $0.isUp == $1.isUp }
                && report.securityAssociations.tellsSame(as: other.securityAssociations) {
                    $0.withoutCounters == $1.withoutCounters
                }
                && report.ike.tellsSame(as: other.ike) { $0.withoutCounters == $1.withoutCounters }
                && report.probes.tellsSame(as: other.probes) {
                    $0.peer == $1.peer && $0.isAnswered == $1.isAnswered && $0.pathMTU == $1.pathMTU
                }
                && report.site == other.site && report.agentVersion == other.agentVersion
                && report.version == other.version && report.isOnTrial == other.isOnTrial
                && report.rejected == other.rejected && report.outerAddresses == other.outerAddresses
                && report.routes == other.routes && report.drift == other.drift && report.failure == other.failure
        }
    }

    public init() {}

    /// Whether to send `report` now; yes counts as sent.
    public mutating func shouldSend(_ report: AgentReport, isChanging: Bool, now: MonotonicTime) -> Bool {
        guard let last else {
            self.last = (Said(report, isWell: report.isWell), now)
            return true
        }
        if last.said.tellsSameNews(as: report) {
            guard now.since(last.at) >= Self.wait(isChanging: isChanging, isWell: last.said.isWell) else { return false }
            self.last = (last.said, now)
        } else {
            self.last = (Said(report, isWell: report.isWell), now)
        }
        return true
    }

    /// When what was sent last is to be said again, if nothing is otherwise by then; nil when nothing was sent.
    public func deadline(isChanging: Bool) -> MonotonicTime? {
        last.map { $0.at + Self.wait(isChanging: isChanging, isWell: $0.said.isWell) }
    }

    private static func wait(isChanging: Bool, isWell: Bool) -> Duration {
        isChanging || !isWell ? shortestRepeat : longestSilence
    }
}

extension AgentReport {
    /// No fault, no drift, and each tunnel up with SAs both ways and a probe answered in the last three seconds.
    public var isWell: Bool {
        guard failure == nil, drift.isEmpty, tunnels.indices.allSatisfy({ tunnels[$0].isUp }) else { return false }
        var places = NamePlaces(capacity: tunnels.count)
        for number in tunnels.indices where places.place(of: tunnels[number].tunnel.peer) == nil {
            places.append(tunnels[number].tunnel.peer)
        }
        var lacking = [LinkNeeds](repeating: .all, count: places.names.count)
        for probe in probes where probe.isAnswered { places.place(of: probe.peer).map { _ = lacking[$0].remove(.answer) } }
        for association in securityAssociations {
            places.place(of: association.peer).map {
                _ = lacking[$0].remove(association.direction == .inbound ? .inbound : .outbound)
            }
        }
        return lacking.allSatisfy { $0.rawValue == 0 }
    }
}

extension Array where Element: Equatable {
    /// Whether all is equal, or tells the same in the same place.
    fileprivate func tellsSame(as other: Self, by isSame: (Element, Element) -> Bool) -> Bool {
        self == other || elementsEqual(other) { $0 == $1 || isSame($0, $1) }
    }
}

/// What a link that is well has.
private struct LinkNeeds: OptionSet {
    let rawValue: UInt8
    static let inbound = LinkNeeds(rawValue: 1), outbound = LinkNeeds(rawValue: 2), answer = LinkNeeds(rawValue: 4)
    static let all: LinkNeeds = [.inbound, .outbound, .answer]
}

extension SAReport {
    fileprivate var withoutCounters: SAReport {
        var association = self
        (association.ageSeconds, association.packets, association.bytes, association.rekeyInSeconds) = (0, 0, 0, 0)
        return association
    }
}

extension IKEReport {
    fileprivate var withoutCounters: IKEReport {
        var report = self
        report.ageSeconds = 0
        return report
    }
}

extension ProbeReport {
    /// In the last three seconds.
    fileprivate var isAnswered: Bool { (lastAnswerSecondsAgo ?? .infinity) <= 3 }
}
