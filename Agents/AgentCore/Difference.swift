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
        (missingUnreachable, orphanUnreachable) = observed.unreachable.compared(with: desired.unreachable, by: \.self, in: <)
    }

    private mutating func comparePolicies(_ desired: GatewayPlan, _ observed: ObservedState) {
        (missingPolicies, orphanPolicies) = observed.policies.compared(with: desired.policies, by: \.peer) { $0.isBefore($1) }
    }

    private mutating func compareTunnels(_ desired: GatewayPlan, _ observed: ObservedState) {
        guard !Self.isEachOnce(desired.tunnels, observed.tunnels) else { return }
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

    /// Whether each of the wanted tunnels is there, no two of one peer, and no other.
    private static func isEachOnce(_ wanted: [GIFTunnel], _ observed: [TunnelReport]) -> Bool {
        guard wanted.count == observed.count else { return false }
        var places: [SiteName: Int] = [:]
        places.reserveCapacity(observed.count)
        for (place, report) in observed.enumerated() {
            guard places.updateValue(place, forKey: report.tunnel.peer) == nil else { return false }
        }
        return wanted.allSatisfy { tunnel in
            places.removeValue(forKey: tunnel.peer).map { observed[$0].tunnel == tunnel } ?? false
        }
    }

    private mutating func comparePeers(_ desired: GatewayPlan, _ observed: ObservedState, _ changedKeys: Set<SiteName>) {
        if changedKeys.isEmpty, observed.peers.consists(of: desired.ike, by: \.peer) { return }
        var present: Set<SiteName> = [], ambiguous: Set<SiteName> = []
        for peer in observed.peers where !present.insert(peer.peer).inserted { ambiguous.insert(peer.peer) }
        var wanted: Set<SiteName> = []
        wantingPeers = desired.ike
            .filter { peer in
                wanted.insert(peer.peer).inserted
                    && (changedKeys.contains(peer.peer) || ambiguous.contains(peer.peer) || !observed.peers.contains(peer))
            }
            .sorted { $0.peer < $1.peer }
        let orphans = present.subtracting(wanted)
        guard !orphans.isEmpty else { return }
        let ends = Set(wantingPeers.map(\.outer))
        let displaced = Set(
            observed.peers.lazy.filter { orphans.contains($0.peer) && ends.contains($0.outer) }.map(\.peer))
        displacedPeers = displaced.sorted()
        orphanPeers = orphans.subtracting(displaced).sorted()
    }

    private mutating func compareRoutes(_ desired: GatewayPlan, _ observed: ObservedState) {
        var kept = observed.routes
        if !displacedTunnels.isEmpty {
            // A device takes its routes with it.
            let lost = kept.filter { displacedTunnels.contains($0.interface) }
            displacedRoutes = lost.sorted { $0.isBefore($1) }
            kept.subtract(lost)
        }
        (missingRoutes, orphanRoutes) = kept.compared(with: desired.routes, by: \.destination) { $0.isBefore($1) }
        guard !missingRoutes.isEmpty, !orphanRoutes.isEmpty else { return }
        let destinations = Set(missingRoutes.map(\.destination))
        let superseded = orphanRoutes.filter { destinations.contains($0.destination) }
        supersededRoutes = Dictionary(grouping: superseded, by: \.destination)
        orphanRoutes.removeAll { destinations.contains($0.destination) }
    }

    /// While anything unwanted is still to be taken down, the rules that guard it stay: stale drops above, stale
    /// openings below the new rules.
    private mutating func compareFirewall(_ desired: GatewayPlan, _ observed: ObservedState) {
        guard observed.firewall != desired.firewall else { return }
        let isPruning =
            !(displacedTunnels.isEmpty && orphanTunnels.isEmpty && displacedPeers.isEmpty && orphanPeers.isEmpty
            && orphanPolicies.isEmpty && wantingTunnels.isEmpty)
        let stale = isPruning ? Self.stale(observed.firewall, beside: desired.firewall) : []
        guard !stale.isEmpty else {
            firewallDuring = desired.firewall
            return
        }
        let during = stale.filter { $0.action == .drop } + desired.firewall + stale.filter { $0.action == .allow }
        if observed.firewall != during { firewallDuring = during }
        firewallAfter = desired.firewall
    }

    /// The observed rules that are not among the wanted ones. Most changes leave what is before and behind them in its place.
    private static func stale(_ observed: [FirewallRule], beside wanted: [FirewallRule]) -> [FirewallRule] {
        let common = min(observed.count, wanted.count)
        var head = 0
        while head < common, observed[head] == wanted[head] { head += 1 }
        var tail = 0
        while tail < common - head, observed[observed.count - 1 - tail] == wanted[wanted.count - 1 - tail] { tail += 1 }
        let rest = observed[head..<(observed.count - tail)]
        guard !rest.isEmpty else { return [] }
        let all = Set(wanted)
        return rest.filter { !all.contains($0) }
    }

    /// A stale translation stays until the tunnels and routes that it served went, unless it is in the way of a wanted one.
    private mutating func compareTranslations(_ desired: GatewayPlan, _ observed: ObservedState) {
        if desired.translations.isEmpty, observed.translations.isEmpty { return }
        let wanted = desired.translations.sorted { $0.isBefore($1) }
        let stale = observed.translations.filter { old in
            !old.network.overlaps(old.visible) && !wanted.contains { $0 == old || $0.conflicts(with: old) }
        }
        let during = (wanted + stale).sorted { $0.isBefore($1) }
        if observed.translations != during { translationsDuring = during }
        if during != wanted { translationsAfter = wanted }
    }
}

extension Set {
    /// Whether these are its elements. Nothing is built for that where `key` never falls from one to the next, as in the plans
    /// that are derived.
    fileprivate func consists<Key: Comparable>(of items: [Element], by key: (Element) -> Key) -> Bool {
        guard items.areDistinct(by: key) else { return self == Set(items) }
        return count == items.count && items.allSatisfy(contains)
    }

    /// What of the wanted is not there, and what is there beside it, in order; the same may be said of `key`.
    fileprivate func compared<Key: Comparable>(
        with wanted: [Element], by key: (Element) -> Key, in order: (Element, Element) -> Bool
    ) -> (missing: [Element], orphans: [Element]) {
        let wanted = wanted.areDistinct(by: key) ? wanted : Array(Set(wanted))
        let missing = wanted.filter { !contains($0) }
        // Nothing else is there where that is as much as what is there of the wanted.
        let hasOrphans = wanted.count - missing.count < count
        return (missing.sorted(by: order), hasOrphans ? subtracting(wanted).sorted(by: order) : [])
    }
}

extension Array where Element: Equatable {
    /// Whether no two are equal; false also where `key` falls from one to the next, so that it would take longer to know.
    fileprivate func areDistinct<Key: Comparable>(by key: (Element) -> Key) -> Bool {
        guard var former = first.map(key) else { return true }
        var start = 0
        for place in indices.dropFirst() {
            let latter = key(self[place])
            if former < latter {
                start = place
            } else if former != latter || self[start..<place].contains(self[place]) {
                return false
            }
            former = latter
        }
        return true
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
