import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus
import WarrenStore

/// What operators read of the mesh as it is now, and as it was.
extension Controller {
    /// The state of the mesh, with the links that are asked for. Worked out outside the actor: a large mesh takes a moment, in
    /// which agents are served.
    public nonisolated func status(_ selection: LinkSelection = LinkSelection()) async -> MeshStatus {
        var (status, links) = await statusInPieces(selection)
        for piece in links { status.links += piece }
        return status
    }

    /// The same without the links, and these piece by piece: a large mesh has half a million.
    public nonisolated func statusInPieces(
        _ selection: LinkSelection
    ) async -> (status: MeshStatus, links: any Sequence<[LinkStatus]> & Sendable) {
        let (control, links, observations) = await observations()
        let intended = links.layout.sites.reduce(into: [:]) { intended, site in
            intended[site] = control.intendedVersion(of: site)
        }
        let now = options.clock.monotonic()
        let status = MeshStatus.derive(
            mesh: control.mesh?.mesh ?? "", generation: control.generation, links: links,
            selection: LinkSelection(.none, sites: selection.sites), intended: intended, isRollingOut: control.isRollingOut,
            observations: observations, now: now)
        return (status, links.pieces(selection, now: now))
    }

    private func observations() -> (MeshControl, LinkTracker, [SiteName: AgentObservation]) {
        var observations: [SiteName: AgentObservation] = [:]
        for site in sites.live.keys { observations[site] = observation(of: site) }
        return (control, tracker, observations)
    }

    /// The links of the whole mesh, counted between the tags of its sites.
    public nonisolated func groups() async -> MeshGroups {
        let (control, links, observations) = await observations()
        let tags = Dictionary(
            (control.content?.inventory.sites ?? []).map { ($0.name, $0.tags) }, uniquingKeysWith: { first, _ in first })
        return links.groups(tags: tags) { observations[$0]?.connected ?? false }
    }

    /// What is known of a site's agent; nil for a site that is not in the mesh.
    func observation(of site: SiteName) -> AgentObservation? {
        sites.live[site].map { record in
            let arrival = arrivals[record.id]
            return AgentObservation(
                connected: sessions[record.id] != nil, report: arrival?.report, arrived: arrival?.at)
        }
    }

    /// The links of one site, or of those with a tag, or of all.
    public func selection(
        _ wellness: LinkSelection.Wellness, site: SiteName? = nil, tag: String? = nil
    ) throws(ControllerError) -> LinkSelection {
        var chosen: Set<SiteName>?
        if let site {
            guard sites.live[site] != nil else { throw .unknownSite(site) }
            chosen = [site]
        }
        if let tag {
            let tagged = Set((control.content?.inventory.sites ?? []).filter { $0.tags.contains(tag) }.map(\.name))
            chosen = chosen?.intersection(tagged) ?? tagged
        }
        return LinkSelection(wellness, sites: chosen)
    }

    /// How a link stands, and what each end's agent said of it; nil when the mesh has no such link.
    public func link(_ link: LinkID) -> (status: LinkStatus, ends: [(site: SiteName, observation: AgentObservation)])? {
        tracker.status(of: link, now: options.clock.monotonic()).map { status in
            (status, link.sites.map { ($0, observation(of: $0) ?? AgentObservation(connected: false)) })
        }
    }

    /// Seconds since what was observed.
    public nonisolated func age(of observation: AgentObservation) -> Double? {
        observation.arrived.map { options.clock.monotonic().since($0).inSeconds }
    }

    /// How a link was, from `since` on, in steps of `step` seconds or more. The link is among those that have a history from now
    /// on, however large the mesh is.
    public func samples(
        of link: LinkID, since: Date, step: Int64
    ) async throws -> (stepSeconds: Int64, samples: [LinkSample]) {
        guard tracker.status(of: link, now: options.clock.monotonic()) != nil else { throw ControllerError.unknownLink(link) }
        observing.asked.removeAll { $0 == link }
        observing.asked.append(link)
        if observing.asked.count > Observing.mostAsked { observing.asked.removeFirst() }
        let at = Int64(now.timeIntervalSince1970), since = Int64(since.timeIntervalSince1970)
        return try await translatingStoreErrors { try await history.samples(of: link, since: since, step: step, now: at) }
    }

    /// All that is known of one gateway, beside its events.
    public struct GatewayStanding: Sendable {
        public let status: SiteStatus
        public let site: Site
        public let index: Int
        public let report: AgentReport?
        public let certificateEnds: Date?
        public let links: [LinkStatus]
    }

    public func gateway(of site: SiteName) async throws -> GatewayStanding {
        guard let record = sites.live[site], let mesh = control.mesh, let (declared, index) = mesh.declaration(of: site) else {
            throw ControllerError.unknownSite(site)
        }
        let agent = try await translatingStoreErrors { try await store.agent(of: record.id) }
        let observation = observation(of: site), now = options.clock.monotonic()
        return GatewayStanding(
            status: SiteStatus.derive(
                site, intended: control.intendedVersion(of: site), from: observation, now: now),
            site: declared, index: index, report: observation?.report, certificateEnds: agent?.certificateEnds,
            links: tracker.statuses(LinkSelection(.all, sites: [site]), now: now))
    }

    /// What the current generation says, with the addresses that were learned; nil before the first.
    public var currentContent: (generation: Generation, sites: [Site])? {
        control.mesh.map { mesh in (control.generation, mesh.sites.compactMap { mesh.declaration(of: $0)?.site }) }
    }
}
