import WarrenModel

extension MeshStatus {
    /// The state of the whole mesh from what its agents last said.
    ///
    /// - Parameters:
    ///   - sites: those of `generation`, in order; none before the first generation.
    ///   - links: those of `generation`, in order.
    ///   - observations: by site; a site without one has never been heard.
    ///   - now: on the clock of the observations' arrival times.
    public static func derive(
        mesh: String, generation: Generation, sites: [SiteName], links: [LinkID],
        observations: [SiteName: AgentObservation], now: MonotonicTime
    ) -> MeshStatus {
        let views = observations.mapValues { PeerView($0, now: now) }
        return MeshStatus(
            mesh: mesh, generation: generation,
            sites: sites.map { SiteStatus.derive($0, generation: generation, from: observations[$0], now: now) },
            links: links.map { LinkStatus.derive($0, from: views) })
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
