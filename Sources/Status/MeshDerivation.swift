import WarrenModel

extension MeshStatus {
    /// The state of the whole mesh from what its agents last said.
    ///
    /// - Parameters:
    ///   - sites: those of `generation`, in order; none before the first generation.
    ///   - links: those of `generation`, in order.
    ///   - intended: what each gateway shall run by now; a site that is not named: what `generation` says.
    ///   - isRollingOut: a roll-out to `generation` is under way.
    ///   - observations: by site; a site without one has never been heard.
    ///   - now: on the clock of the observations' arrival times.
    public static func derive(
        mesh: String, generation: Generation, sites: [SiteName], links: [LinkID],
        intended: [SiteName: StateVersion] = [:], isRollingOut: Bool? = nil,
        observations: [SiteName: AgentObservation], now: MonotonicTime
    ) -> MeshStatus {
        let views = observations.mapValues { PeerView($0, now: now) }
        return MeshStatus(
            mesh: mesh, generation: generation, isRollingOut: isRollingOut,
            sites: sites.map {
                SiteStatus.derive(
                    $0, generation: generation, intended: intended[$0], from: observations[$0], now: now)
            },
            links: links.map { LinkStatus.derive($0, from: views) })
    }
}

extension SiteStatus {
    static func derive(
        _ site: SiteName, generation: Generation, intended: StateVersion?, from observation: AgentObservation?,
        now: MonotonicTime
    ) -> SiteStatus {
        guard let observation else { return SiteStatus(site: site, connected: false, intended: intended) }
        let report = observation.report
        var failure = report?.failure
        let applied = report?.applied ?? .none
        if failure == nil, let report {
            if applied == .none {
                failure = "runs no generation yet"
            } else if let intended {
                if report.version != intended { failure = "runs \(report.version), not \(intended)" }
            } else if applied != generation {
                failure = "runs generation \(applied), not \(generation)"
            }
        }
        return SiteStatus(
            site: site, connected: observation.connected,
            lastReportSecondsAgo: observation.arrived.map { now.since($0).inSeconds }, applied: applied,
            version: report?.version,
            intended: intended, isOnTrial: report?.isOnTrial, drift: report?.drift ?? [], failure: failure)
    }
}
