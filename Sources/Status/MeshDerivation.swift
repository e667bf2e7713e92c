import WarrenModel
import WarrenPlan

extension MeshStatus {
    /// The state of the whole mesh from what its agents last said.
    ///
    /// - Parameters:
    ///   - plan: the plan of `generation`; its sites and links are the ones spoken of. Nil before the first generation.
    ///   - observations: by site; a site without one has never been heard.
    ///   - now: on the clock of the observations' arrival times.
    public static func derive(
        mesh: String, generation: Generation, plan: Plan?, observations: [SiteName: AgentObservation], now: MonotonicTime
    ) -> MeshStatus {
        let sites = (plan?.gateways ?? []).map(\.site).sorted().map { site in
            SiteStatus.derive(site, generation: generation, from: observations[site], now: now)
        }
        let links = (plan?.links ?? []).map { LinkStatus.derive($0, from: observations, now: now) }
        return MeshStatus(mesh: mesh, generation: generation, sites: sites, links: links)
    }
}

extension SiteStatus {
    static func derive(
        _ site: SiteName, generation: Generation, from observation: AgentObservation?, now: MonotonicTime
    ) -> SiteStatus {
        guard let observation else { return SiteStatus(site: site, connected: false) }
        let report = observation.report
        var failure = report?.failure
        if failure == nil, let applied = report?.applied, applied != generation {
            failure = applied == .none ? "runs no generation yet" : "runs generation \(applied), not \(generation)"
        }
        return SiteStatus(
            site: site, connected: observation.connected,
            lastReportSecondsAgo: observation.arrived.map { now.since($0).inSeconds }, applied: report?.applied ?? .none,
            drift: report?.drift ?? [], failure: failure)
    }
}
