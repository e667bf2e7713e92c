import WarrenModel
import WarrenPlan

/// What an echo from one host to another must do once a mesh stands, as the plan has it.
public struct ReachabilityCheck: Sendable, Hashable {
    public let from: SiteName
    public let to: SiteName
    /// The host's own address.
    public let source: IPAddress
    /// As the sender's site calls it.
    public let destination: IPAddress
    /// The gateways on the way there, both ends included; nil when it must not arrive.
    public let path: [SiteName]?
}

extension LabTopology {
    /// From every host to every host of another site, for every pair of networks of the same family: over a link, through
    /// hubs, or, where the plan has no way, not at all.
    public func reachabilityChecks(in plan: Plan) -> [ReachabilityCheck] {
        let gateways = Dictionary(plan.gateways.map { ($0.site, $0) }) { first, _ in first }
        return sites.flatMap { from in
            sites.filter { $0.name != from.name }.flatMap { to in
                from.networks.flatMap { source in
                    to.networks.compactMap { destination in
                        guard let start = source.host, let end = destination.visibleHost, start.family == end.family else {
                            return nil
                        }
                        return check(from: from, start, to: to, end, answeringTo: source.visibleHost, in: gateways)
                    }
                }
            }
        }
    }

    private func check(
        from: SiteWorld, _ source: IPAddress, to: SiteWorld, _ destination: IPAddress, answeringTo origin: IPAddress?,
        in gateways: [SiteName: GatewayPlan]
    ) -> ReachabilityCheck {
        let forth = PacketWalk(from: from.name, source: source, to: destination) { gateways[$0] }
        let back = PacketWalk(from: to.name, source: forth.destinationAtEnd, to: origin ?? source) { gateways[$0] }
        let arrives =
            forth.outcome == .delivered && forth.site == to.name && back.outcome == .delivered && back.site == from.name
        return ReachabilityCheck(
            from: from.name, to: to.name, source: source, destination: destination,
            path: arrives ? forth.hops.map(\.site) + [to.name] : nil)
    }
}
