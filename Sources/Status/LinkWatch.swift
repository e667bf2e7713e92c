import WarrenModel

/// Which links are up, kept report by report: a report costs as much as its gateway has peers, whatever the mesh's size.
public struct LinkWatch: Sendable {
    private struct Heard: Sendable {
        let said: Said
        var at: MonotonicTime
        /// When each of its links was up by its own probes: how much was new by then.
        var quietAt: Int?
    }

    private final class Said: Sendable {
        let report: AgentReport
        let ends: [SiteName: LinkProof]

        init(_ report: AgentReport) {
            self.report = report
            var ends: [SiteName: LinkEnd] = [:]
            ends.reserveCapacity(report.tunnels.count)
            report.forEachEnd { peer, change in change(&ends[peer, default: LinkEnd()]) }
            self.ends = ends.mapValues(LinkProof.init)
        }
    }

    private var heard: [SiteName: Heard] = [:]
    /// Grows when anything new is known of any link.
    private var news = 0
    private var up: [SiteName: Set<SiteName>] = [:]

    public init() {}

    /// A link that came up, or is up no longer.
    public struct Turn: Sendable, Hashable {
        public let link: LinkID
        public let isUp: Bool
    }

    /// Takes a report that arrived at `now`: what it changes of its site's links, in order of their other ends.
    public mutating func take(_ report: AgentReport, now: MonotonicTime) -> [Turn] {
        let site = report.site
        let last = heard[site].flatMap { $0.said.report.saysTheSameOfLinks(as: report) ? $0 : nil }
        if let last, last.quietAt == news {
            heard[site]?.at = now
            return []
        }
        if last == nil { news += 1 }
        let said = last?.said ?? Said(report)
        heard[site] = Heard(said: said, at: now)
        let before = up[site] ?? []
        var turned: [SiteName] = []
        for (peer, end) in said.ends where isUp(end, of: site, to: peer, now) != before.contains(peer) { turned.append(peer) }
        for peer in before where said.ends[peer] == nil { turned.append(peer) }
        var turns: [Turn] = []
        for peer in turned.sorted() {
            guard let link = LinkID(site, peer) else { continue }
            turn(link, isUp: !before.contains(peer), &turns)
        }
        if up[site]?.count == said.ends.count, said.ends.values.allSatisfy({ $0.isAnswered(age: .zero) }) {
            heard[site]?.quietAt = news
        }
        return turns
    }

    /// The links of gateways that have been silent for too long are not up; nor are those of a gateway that is forgotten.
    public mutating func tick(forgetting gone: Set<SiteName> = [], now: MonotonicTime) -> [Turn] {
        for site in gone { heard[site] = nil }
        var turns: [Turn] = []
        for (site, peers) in up {
            if let at = heard[site]?.at, now.since(at) < LinkStatus.reportFresh { continue }
            for peer in peers.sorted() { LinkID(site, peer).map { turn($0, isUp: false, &turns) } }
        }
        if !turns.isEmpty { news += 1 }
        return turns
    }

    /// Whether the link is up as both ends see it, of which one was just heard.
    private func isUp(_ own: LinkProof, of site: SiteName, to peer: SiteName, _ now: MonotonicTime) -> Bool {
        guard let other = heard[peer] else { return false }
        let age = now.since(other.at)
        guard age < LinkStatus.reportFresh, let end = other.said.ends[site] else { return false }
        return own.isUp(age: .zero, with: end, age: age)
    }

    private mutating func turn(_ link: LinkID, isUp: Bool, _ turns: inout [Turn]) {
        guard (up[link.first]?.contains(link.second) ?? false) != isUp else { return }
        if isUp {
            up[link.first, default: []].insert(link.second)
            up[link.second, default: []].insert(link.first)
        } else {
            up[link.first]?.remove(link.second)
            up[link.second]?.remove(link.first)
        }
        turns.append(Turn(link: link, isUp: isUp))
    }
}

extension AgentReport {
    fileprivate func saysTheSameOfLinks(as other: AgentReport) -> Bool {
        version == other.version && probes == other.probes && securityAssociations == other.securityAssociations
            && ike == other.ike && tunnels == other.tunnels
    }
}
