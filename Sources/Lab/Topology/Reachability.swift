import WarrenModel
import WarrenPlan

/// One thing that must work once a mesh stands: an echo from one host's address to another's.
public struct ReachabilityCheck: Sendable, Hashable {
    public let from: SiteName
    public let to: SiteName
    public let source: IPAddress
    public let destination: IPAddress
}

extension LabTopology {
    /// From every host to every host at the other end of one of `links`, in both directions, for every pair of networks
    /// of the same family.
    public func reachabilityChecks(over links: [LinkID]) -> [ReachabilityCheck] {
        sites.flatMap { from in
            sites.flatMap { to -> [ReachabilityCheck] in
                guard let link = LinkID(from.name, to.name), links.contains(link) else { return [] }
                return from.networks.compactMap(\.host).flatMap { source in
                    to.networks.compactMap(\.host).filter { $0.family == source.family }.map {
                        ReachabilityCheck(from: from.name, to: to.name, source: source, destination: $0)
                    }
                }
            }
        }
    }
}
