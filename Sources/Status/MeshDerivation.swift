import WarrenModel

extension MeshStatus {
    /// The state of the whole mesh.
    ///
    /// - Parameters:
    ///   - links: as they are followed; the sites of `generation` are those of its layout.
    ///   - selection: of these, the links that are asked for.
    ///   - intended: what each gateway shall run by now; a site that is not named: what `generation` says.
    ///   - isRollingOut: a roll-out to `generation` is under way.
    ///   - observations: by site; a site without one has never been heard.
    ///   - now: on the clock of the observations' arrival times.
    public static func derive(
        mesh: String, generation: Generation, links: LinkTracker, selection: LinkSelection = LinkSelection(),
        intended: [SiteName: StateVersion] = [:], isRollingOut: Bool? = nil, observations: [SiteName: AgentObservation],
        now: MonotonicTime
    ) -> MeshStatus {
        let sites = links.layout.sites, counts = links.counts
        return MeshStatus(
            mesh: mesh, generation: generation, isRollingOut: isRollingOut,
            sites: sites.filter { selection.sites?.contains($0) ?? true }.map {
                SiteStatus.derive($0, intended: intended[$0], from: observations[$0], now: now)
            },
            links: links.statuses(selection, now: now),
            counts: MeshCounts(
                links: counts.states, flappingLinks: counts.flapping, heldLinks: counts.held, sites: sites.count,
                connectedSites: sites.count { observations[$0]?.connected ?? false }))
    }
}

extension SiteStatus {
    /// How one site's gateway stands; without an observation it has never been heard.
    public static func derive(
        _ site: SiteName, intended: StateVersion?, from observation: AgentObservation?, now: MonotonicTime
    ) -> SiteStatus {
        guard let observation else { return SiteStatus(site: site, connected: false, intended: intended) }
        let report = observation.report
        return SiteStatus(
            site: site, connected: observation.connected,
            lastReportSecondsAgo: observation.arrived.map { now.since($0).inSeconds }, applied: report?.applied ?? .none,
            version: report?.version,
            intended: intended, isOnTrial: report?.isOnTrial, drift: report?.drift ?? [], failure: report?.failure)
    }
}
