import WarrenModel
import WarrenPlan

/// Everything in which a gateway differs from its plan, sorted so that the same difference always reads the same.
struct Difference {
    /// The firewall to set before anything else; nil when it stands.
    var firewallDuring: [FirewallRule]?
    /// The firewall to set when all else is done; nil when it stands by then.
    var firewallAfter: [FirewallRule]?
    /// The translations to set before any tunnel comes, and those to set when all that is unwanted went; nil when they stand.
    var translationsDuring: [NetworkTranslation]?
    var translationsAfter: [NetworkTranslation]?
    var missingUnreachable: [IPPrefix] = []
    var orphanUnreachable: [IPPrefix] = []
    var missingPolicies: [SecurityPolicy] = []
    var orphanPolicies: [SecurityPolicy] = []
    var wantingTunnels: [GIFTunnel] = []
    /// Interfaces that hold the outer addresses of a wanting tunnel of another name.
    var displacedTunnels: [String] = []
    var orphanTunnels: [String] = []
    var wantingPeers: [IKEPeer] = []
    /// Unwanted peers at the outer addresses of a wanting one.
    var displacedPeers: [SiteName] = []
    var orphanPeers: [SiteName] = []
    var missingRoutes: [Route] = []
    var displacedRoutes: [Route] = []
    var orphanRoutes: [Route] = []
    private var supersededRoutes: [IPPrefix: [Route]] = [:]

    init(desired: GatewayPlan, observed: ObservedState, changedKeys: Set<SiteName>) {
        compareUnreachable(desired, observed)
        comparePolicies(desired, observed)
        compareTunnels(desired, observed)
        comparePeers(desired, observed, changedKeys)
        compareRoutes(desired, observed)
        compareFirewall(desired, observed)
        compareTranslations(desired, observed)
    }

    /// Observed routes to the same destination as `route`, which must go before it can come.
    func superseded(by route: Route) -> [Route] { supersededRoutes[route.destination] ?? [] }

    private mutating func compareUnreachable(_ desired: GatewayPlan, _ observed: ObservedState) {
        let wanted = Set(desired.unreachable)
        guard wanted != observed.unreachable else { return }
        missingUnreachable = wanted.subtracting(observed.unreachable).sorted()
        orphanUnreachable = observed.unreachable.subtracting(wanted).sorted()
    }

    private mutating func comparePolicies(_ desired: GatewayPlan, _ observed: ObservedState) {
        let wanted = Set(desired.policies)
        guard wanted != observed.policies else { return }
        missingPolicies = wanted.subtracting(observed.policies).sorted { $0.isBefore($1) }
        orphanPolicies = observed.policies.subtracting(wanted).sorted { $0.isBefore($1) }
    }

    private mutating func compareTunnels(_ desired: GatewayPlan, _ observed: ObservedState) {
        let wanted = Dictionary(desired.tunnels.map { ($0.interface, $0) }) { first, _ in first }
        let present = Dictionary(grouping: observed.tunnels, by: \.tunnel.interface)
        // Whether a tunnel is up is its link's affair: a driver shows what must be set anew as other settings.
        wantingTunnels = wanted.values
            .filter { present[$0.interface]?.map(\.tunnel) != [$0] }
            .sorted { $0.interface < $1.interface }
        let ends = Dictionary(wantingTunnels.map { ($0.outer, $0.interface) }) { first, _ in first }
        let displaced = present.filter { interface, reports in
            reports.contains { report in
                guard let claimant = ends[report.tunnel.outer] else { return false }
                return claimant != interface && wanted[interface] != report.tunnel
            }
        }
        displacedTunnels = displaced.keys.sorted()
        orphanTunnels = present.keys.filter { wanted[$0] == nil && displaced[$0] == nil }.sorted()
    }

    private mutating func comparePeers(_ desired: GatewayPlan, _ observed: ObservedState, _ changedKeys: Set<SiteName>) {
        let wanted = Dictionary(desired.ike.map { ($0.peer, $0) }) { first, _ in first }
        let present = Dictionary(grouping: observed.peers, by: \.peer)
        wantingPeers = wanted.values
            .filter { present[$0.peer] != [$0] || changedKeys.contains($0.peer) }
            .sorted { $0.peer < $1.peer }
        let ends = Set(wantingPeers.map(\.outer))
        let orphans = present.filter { wanted[$0.key] == nil }
        displacedPeers = orphans.filter { $0.value.contains { ends.contains($0.outer) } }.keys.sorted()
        orphanPeers = orphans.keys.filter { !displacedPeers.contains($0) }.sorted()
    }

    private mutating func compareRoutes(_ desired: GatewayPlan, _ observed: ObservedState) {
        let wanted = Set(desired.routes)
        guard !displacedTunnels.isEmpty || wanted != observed.routes else { return }
        // A device takes its routes with it.
        let lost = observed.routes.filter { displacedTunnels.contains($0.interface) }
        displacedRoutes = lost.sorted { $0.isBefore($1) }
        let kept = observed.routes.subtracting(lost)
        missingRoutes = wanted.subtracting(kept).sorted { $0.isBefore($1) }
        let destinations = Set(missingRoutes.map(\.destination))
        var orphans = kept.subtracting(wanted).sorted { $0.isBefore($1) }
        supersededRoutes = Dictionary(grouping: orphans.filter { destinations.contains($0.destination) }, by: \.destination)
        orphans.removeAll { destinations.contains($0.destination) }
        orphanRoutes = orphans
    }

    /// While anything unwanted is still to be taken down, the rules that guard it stay: stale drops above, stale
    /// openings below the new rules.
    private mutating func compareFirewall(_ desired: GatewayPlan, _ observed: ObservedState) {
        guard observed.firewall != desired.firewall else { return }
        let wanted = Set(desired.firewall)
        let stale = observed.firewall.filter { !wanted.contains($0) }
        let isPruning =
            !(displacedTunnels.isEmpty && orphanTunnels.isEmpty && displacedPeers.isEmpty && orphanPeers.isEmpty
            && orphanPolicies.isEmpty && wantingTunnels.isEmpty)
        guard isPruning, !stale.isEmpty else {
            firewallDuring = desired.firewall
            return
        }
        let during = stale.filter { $0.action == .drop } + desired.firewall + stale.filter { $0.action == .allow }
        if observed.firewall != during { firewallDuring = during }
        firewallAfter = desired.firewall
    }

    /// A stale translation stays until the tunnels and routes that it served went, unless it is in the way of a wanted one.
    private mutating func compareTranslations(_ desired: GatewayPlan, _ observed: ObservedState) {
        let wanted = desired.translations.sorted { $0.isBefore($1) }
        let stale = observed.translations.filter { old in
            !old.network.overlaps(old.visible) && !wanted.contains { $0 == old || $0.conflicts(with: old) }
        }
        let during = (wanted + stale).sorted { $0.isBefore($1) }
        if observed.translations != during { translationsDuring = during }
        if during != wanted { translationsAfter = wanted }
    }
}

extension NetworkTranslation {
    func isBefore(_ other: Self) -> Bool { (network, visible) < (other.network, other.visible) }

    /// Some address would have two counterparts, or the counterpart of one be an address of the other.
    func conflicts(with other: Self) -> Bool {
        [network, visible].contains { $0.overlaps(other.network) || $0.overlaps(other.visible) }
    }
}

extension SecurityPolicy {
    func isBefore(_ other: Self) -> Bool {
        if peer != other.peer { return peer < other.peer }
        if direction != other.direction { return direction == .inbound }
        let (a, b) = (selector, other.selector)
        if (a.source, a.destination) != (b.source, b.destination) {
            return (a.source, a.destination) < (b.source, b.destination)
        }
        if a.ipProtocol != b.ipProtocol { return a.ipProtocol.rawValue < b.ipProtocol.rawValue }
        return mode == .transport && other.mode == .tunnel
    }
}

extension Route {
    func isBefore(_ other: Self) -> Bool {
        if destination != other.destination { return destination < other.destination }
        if interface != other.interface { return interface < other.interface }
        guard let via, let otherVia = other.via else { return via == nil && other.via != nil }
        return via < otherVia
    }
}
