import WarrenModel
import WarrenPlan

extension MeshStatus {
    /// The state of the whole mesh from what its agents last said.
    ///
    /// - Parameters:
    ///   - sites: those of `generation`, in order; none before the first generation.
    ///   - links: those of `generation`, in order.
    ///   - intended: what each gateway shall run by now; a site that is not named: what `generation` says.
    ///   - isRollingOut: a roll-out to `generation` is under way.
    ///   - awaited: the links that there can be none for yet, and the address that they wait for.
    ///   - observations: by site; a site without one has never been heard.
    ///   - now: on the clock of the observations' arrival times.
    public static func derive(
        mesh: String, generation: Generation, sites: [SiteName], links: [LinkID],
        intended: [SiteName: StateVersion] = [:], isRollingOut: Bool? = nil,
        awaited: [LinkID: GatewayPlan.AwaitedPeer] = [:], observations: [SiteName: AgentObservation], now: MonotonicTime
    ) -> MeshStatus {
        let views = observations.mapValues { PeerView($0, now: now) }
        return MeshStatus(
            mesh: mesh, generation: generation, isRollingOut: isRollingOut,
            sites: sites.map {
                SiteStatus.derive($0, intended: intended[$0], from: observations[$0], now: now)
            },
            links: links.map { link in awaited[link].map { LinkStatus(link, awaiting: $0) } ?? .derive(link, from: views) })
    }
}

extension LinkStatus {
    /// A link that waits for an address.
    init(_ link: LinkID, awaiting awaited: GatewayPlan.AwaitedPeer) {
        let origin =
            switch awaited.source {
            case .inventory: "which the inventory does not say"
            case .agent: "which its agent tells"
            case .name(let name): "which the name \(name) has"
            }
        self.init(link: link, state: .waiting, reason: "waits for the address of \(awaited.site), \(origin)")
    }
}

extension SiteStatus {
    static func derive(
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
