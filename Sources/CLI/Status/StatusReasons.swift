import WarrenModel
import WarrenStatus

extension StatusText {
    /// A line for every gateway and link that is not well, with its reason.
    ///
    /// - Parameter limit: how many; the rest is counted. Nil: all. Where there is a limit, links that are unknown since an end
    ///   has no agent are told with their gateway.
    static func reasons(_ status: MeshStatus, atMost limit: Int? = nil) -> String {
        var sites: [String] = []
        let silent = Set(status.sites.filter { !$0.connected }.map(\.site))
        let isFolded = { (link: LinkStatus) in
            limit != nil && link.state == .unknown && link.link.sites.contains(where: silent.contains)
        }
        var folded: [SiteName: Int] = [:]
        for link in status.links where isFolded(link) {
            for site in link.link.sites where silent.contains(site) { folded[site, default: 0] += 1 }
        }
        for site in status.sites { sites += reasons(site, in: status, unknownLinks: folded[site.site]) }
        let unwell = status.links.filter { (!$0.state.isWell || $0.isFlapping == true) && !isFolded($0) }
            .sorted { (rank($0), $0.link) < (rank($1), $1.link) }
        let shown = shares(of: limit, sites.count, unwell.count)
        var lines = Array(sites.prefix(shown.0)) + unwell.prefix(shown.1).map(reason)
        let hidden = (sites.count - shown.0, unwell.count - shown.1 + unlisted(status))
        let kinds = [(hidden.0, "of gateways"), (hidden.1, "of links")].filter { $0.0 > 0 }
        if !kinds.isEmpty {
            let counts = kinds.map { "\($0.0) more \($0.1)" }.joined(separator: ", ")
            lines.append("… \(counts): --site NAME or --tag TAG shows fewer, --all every one")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Links that are not well and that the answer left out.
    private static func unlisted(_ status: MeshStatus) -> Int {
        status.links.isEmpty ? status.counts?.unwellLinks ?? 0 : 0
    }

    private static func rank(_ link: LinkStatus) -> Int { LinkState.worstFirst.firstIndex(of: link.state) ?? 0 }

    /// Half of the lines for each, and what one does not need for the other.
    private static func shares(of limit: Int?, _ sites: Int, _ links: Int) -> (Int, Int) {
        guard let limit else { return (sites, links) }
        let first = min(sites, max(limit / 2, limit - links))
        return (first, min(links, limit - first))
    }

    private static func reasons(_ site: SiteStatus, in status: MeshStatus, unknownLinks: Int?) -> [String] {
        var lines: [String] = []
        if !site.connected {
            let age = site.lastReportSecondsAgo.map { ", last report \(span(seconds: $0)) ago" } ?? ", it never reported"
            let links = unknownLinks.map { "; \($0) of its links \($0 == 1 ? "is" : "are") unknown" } ?? ""
            lines.append("\(site.site): its agent is not connected\(age)\(links)")
        } else if let behind = behind(site, in: status) {
            lines.append("\(site.site): \(behind)")
        }
        if let failure = site.failure { lines.append("\(site.site): \(failure)") }
        return lines + site.drift.map { "\(site.site): drift: \($0)" }
    }

    /// What is to be said of a link that is not well, or comes and goes.
    static func reason(_ link: LinkStatus) -> String {
        var state = link.state == .waiting ? nil : link.state.rawValue
        if let since = link.sinceSeconds, let word = state { state = "\(word) for \(span(seconds: since))" }
        var parts = [state, link.reason].compactMap(\.self)
        if link.isFlapping == true { parts.append("it comes and goes, \(link.flaps ?? 0) times within the last hour") }
        return "\(link.link.first) - \(link.link.second): \(parts.joined(separator: ": "))"
    }

    /// How a gateway that does not run what it shall is behind; nil when it is not.
    private static func behind(_ site: SiteStatus, in status: MeshStatus) -> String? {
        guard !site.isCurrent(in: status.generation) else { return nil }
        guard site.applied > .none else { return "runs nothing yet" }
        let version = site.version?.short ?? "\(site.applied)"
        let intended = site.intended?.short ?? "\(status.generation)"
        let under = status.isRollingOut == true ? "; roll-out to \(status.generation) under way" : ""
        return "runs \(version)\(site.isOnTrial == true ? " on trial" : ""), is to run \(intended)\(under)"
    }
}
