import WarrenModel

/// Which links are up, kept report by report: a report costs as much as its gateway has peers, whatever the mesh's size.
public struct LinkWatch: Sendable {
    private var heard: [SiteName: (view: PeerView, at: MonotonicTime)] = [:]
    private var up: [SiteName: Set<SiteName>] = [:]

    public init() {}

    /// A link that came up, or is up no longer.
    public struct Turn: Sendable, Hashable {
        public let link: LinkID
        public let isUp: Bool
    }

    /// Takes a report that arrived at `now`: what it changes of its site's links, in order.
    public mutating func take(_ report: AgentReport, now: MonotonicTime) -> [Turn] {
        let site = report.site
        let view = PeerView(AgentObservation(connected: true, report: report, arrived: now), now: now)
        heard[site] = (view, now)
        var turns: [Turn] = []
        for peer in Set(view.ends.keys).union(up[site] ?? []).sorted() {
            guard let link = LinkID(site, peer) else { continue }
            turn(link, isUp: isUp(link, now), &turns)
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
        return turns
    }

    private func isUp(_ link: LinkID, _ now: MonotonicTime) -> Bool {
        var views: [SiteName: PeerView] = [:]
        for site in link.sites {
            guard let (view, at) = heard[site] else { return false }
            views[site] = view.aged(now.since(at))
        }
        return LinkStatus.derive(link, from: views).state == .up
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
