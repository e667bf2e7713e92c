import WarrenModel
import WarrenPlan

/// What a roll-out has to change, worked out beforehand from what each gateway runs and what it shall run.
public struct RolloutFleet: Sendable, Equatable {
    /// The steps in which each gateway's plan changes (`GatewayPlan.steps(from:to:)`). A gateway that is not named, or has no
    /// steps, is not touched.
    public var changes: [SiteName: Set<TransitionStep>]
    /// The links of the gateways that are touched, as the new plan has them: their health is what waves wait for. A link that
    /// the new plan has no longer must not be among them. In order.
    public private(set) var links: [LinkID]
    /// Of those, the links that run otherwise at both ends (`GatewayPlan.changedPeers(from:to:)`): their ends must never be
    /// more than one step apart. In order.
    public private(set) var changedLinks: [LinkID]
    /// Gateways that the new generation has no longer: they are led out while they are connected, and waited for no longer.
    public var leaving: Set<SiteName>

    public init(
        changes: [SiteName: Set<TransitionStep>], links: [LinkID], changedLinks: [LinkID], leaving: Set<SiteName> = []
    ) {
        self.leaving = leaving
        self.changes = changes.filter { !$0.value.isEmpty }
        self.links = links.sorted()
        self.changedLinks = changedLinks.sorted()
    }

    /// The fleet as far as `limit` lets it go; the whole fleet when there is no limit.
    ///
    /// A gateway outside the limit is not touched. So that it keeps its links, a gateway within it that shares a changed link
    /// with it goes to `expand` and no further, that one's neighbours to `switchOver`, and all others the whole way. What is
    /// left is done by a later roll-out to the same generation without the limit.
    public func limited(to limit: Set<SiteName>?) -> RolloutFleet {
        guard let limit else { return self }
        var neighbours: [SiteName: [SiteName]] = [:]
        for link in changedLinks {
            neighbours[link.first, default: []].append(link.second)
            neighbours[link.second, default: []].append(link.first)
        }
        // How many steps each may take: its distance from the nearest gateway that takes none.
        var ceiling: [SiteName: Int] = [:]
        var edge = changes.keys.filter { !limit.contains($0) }
        for distance in 1...TransitionStep.contract.number {
            edge = edge.flatMap { neighbours[$0] ?? [] }.filter { limit.contains($0) && ceiling[$0] == nil }
            for site in edge { ceiling[site] = distance }
        }
        var limited = changes.filter { limit.contains($0.key) }
        for (site, steps) in limited {
            guard let most = ceiling[site] else { continue }
            limited[site] = steps.filter { $0.number <= most }
        }
        let touched = limited.filter { !$0.value.isEmpty }
        let isTouched = { (link: LinkID) in touched[link.first] != nil || touched[link.second] != nil }
        return RolloutFleet(
            changes: touched, links: links.filter(isTouched), changedLinks: changedLinks.filter(isTouched),
            leaving: leaving.intersection(touched.keys))
    }

    /// Where the link is among `links`.
    func place(of link: LinkID) -> Int? { Self.place(of: link, in: links) }

    func isChanged(_ link: LinkID) -> Bool { Self.place(of: link, in: changedLinks) != nil }

    private static func place(of link: LinkID, in links: [LinkID]) -> Int? {
        var (low, high) = (0, links.count)
        while low < high {
            let middle = low + (high - low) / 2
            if links[middle] < link { low = middle + 1 } else { high = middle }
        }
        return low < links.count && links[low] == link ? low : nil
    }

    /// The gateways that `step` touches, in byte order of their names.
    func sites(in step: TransitionStep) -> [SiteName] {
        changes.lazy.filter { $0.value.contains(step) }.map(\.key).sorted()
    }
}
