import WarrenInventory
import WarrenModel

/// What differs between two meshes, worked out without the plan of either.
///
/// A gateway's plan is the sum of what each other site adds to it. Where two meshes differ in a few sites, only what those add is
/// derived and compared: a site that joins a full mesh costs each other gateway one link, however many it has.
public struct MeshComparison: Sendable {
    public let old: MeshDerivation?
    public let new: MeshDerivation
    /// Something differs that any pair may depend on: nothing is known to be the same.
    private let isGlobal: Bool
    /// Sites that are in one of the two alone, or not the same in both; in byte order.
    private let moved: [SiteName]
    private let movedSet: Set<SiteName>
    /// The peers of pairs that differ in themselves, by either end.
    private let pairs: [SiteName: Set<SiteName>]

    /// Nil for `old`: everything is new.
    public init(from old: MeshDerivation?, to new: MeshDerivation) {
        self.old = old
        self.new = new
        var moved: Set<SiteName> = [], pairs: [SiteName: Set<SiteName>] = [:]
        var isGlobal = true
        if let old {
            isGlobal = !old.isComparable(with: new)
            for node in old.nodes where new.node(node.site.name) != node { moved.insert(node.site.name) }
            for node in new.nodes where old.node(node.site.name) == nil { moved.insert(node.site.name) }
            moved.formUnion(Self.regrouped(old.topology, new.topology))
            var differing = old.declared.symmetricDifference(new.declared)
            differing.formUnion(Self.differences(old.exceptions, new.exceptions))
            differing.formUnion(Self.differences(old.keyEpochs, new.keyEpochs))
            differing.formUnion(Self.differences(old.keyFloors, new.keyFloors))
            for link in differing {
                pairs[link.first, default: []].insert(link.second)
                pairs[link.second, default: []].insert(link.first)
            }
            // All that reaches other sites through the hub depends on what it is.
            let hubs = [old, new].compactMap(\.transitSite)
            if hubs.contains(where: moved.contains) { isGlobal = true }
        }
        self.isGlobal = isGlobal
        self.moved = moved.sorted()
        movedSet = moved
        self.pairs = pairs
    }

    /// The gateways that something may change on, in byte order.
    public var candidates: [SiteName] {
        let all = { Set(old?.sites ?? []).union(new.sites).sorted() }
        if isGlobal || !moved.isEmpty { return all() }
        return pairs.keys.sorted()
    }

    /// Whether the gateway is in both and certainly the same in both. Costs as much as it has to do with what differs; false
    /// where as much would have to be looked at as there is.
    public func isUntouched(_ site: SiteName) -> Bool {
        guard !isGlobal, !movedSet.contains(site), pairs[site] == nil, new.positions[site] != nil else { return false }
        return difference(at: site, isTold: false) == nil
    }

    /// What changes on one gateway, with every change; nil when nothing does.
    public func change(at site: SiteName) -> GatewayChange? {
        guard let difference = difference(at: site, isTold: true) else { return nil }
        return gatewayChange(site, difference, changes: difference.changes)
    }

    /// Every change, in the order of `Plan.changes`.
    public var changes: [Change] { candidates.flatMap { difference(at: $0, isTold: true)?.changes ?? [] } }

    func gatewayChange(_ site: SiteName, _ difference: GatewayDifference, changes: [Change]?) -> GatewayChange {
        GatewayChange(site: site, effect: effect(on: site, difference), counts: difference.counts, changes: changes)
    }

    func difference(at site: SiteName, isTold: Bool) -> GatewayDifference? {
        let before: PlanPart?, after: PlanPart?
        if isGlobal || movedSet.contains(site) {
            (before, after) = (old?.whole(of: site), new.whole(of: site))
        } else {
            let others = pairs[site].map { $0.union(moved).sorted() } ?? moved
            (before, after) = (old?.part(of: site, dueTo: others), new.part(of: site, dueTo: others))
        }
        let difference = GatewayDifference(site: site, from: before, to: after, isTold: isTold)
        return difference.isEmpty ? nil : difference
    }

    private func effect(on site: SiteName, _ difference: GatewayDifference) -> GatewayChange.Effect {
        guard new.positions[site] != nil else { return .leaves }
        guard let old, old.positions[site] != nil else { return .joins }
        let effects = difference.links.values.map(\.effect)
        guard effects.contains(.ends), !effects.contains(where: { $0 != .ends && $0 != .none }) else { return .changes }
        return new.hasTunnel(site) ? .changes : .isolated
    }

    /// The keys whose values are not the same in both.
    private static func differences<Value: Equatable>(_ a: [LinkID: Value], _ b: [LinkID: Value]) -> [LinkID] {
        if a == b { return [] }
        return Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }
    }

    /// The sites that are in other groups, or hubs in one of the two alone.
    private static func regrouped(_ a: Topology, _ b: Topology) -> Set<SiteName> {
        if a == b { return [] }
        switch (a, b) {
        case (.groups(let a), .groups(let b)):
            return memberships(a).symmetricDifference(memberships(b)).reduce(into: []) { $0.insert($1.site) }
        case (.hubAndSpoke(let a), .hubAndSpoke(let b)): return Set(a).symmetricDifference(b)
        default: return []
        }
    }

    private struct Membership: Hashable {
        let group: String
        let site: SiteName
    }

    private static func memberships(_ groups: [SiteGroup]) -> Set<Membership> {
        groups.reduce(into: []) { all, group in
            for site in group.sites { all.insert(Membership(group: group.name, site: site)) }
        }
    }
}

extension MeshDerivation {
    func node(_ site: SiteName) -> MeshNode? { positions[site].map { nodes[$0] } }

    /// The site of the hub that spokes reach each other through.
    var transitSite: SiteName? { links.transitHub.map { nodes[$0].site.name } }

    /// Neither the kind of topology, nor what every link to the hub depends on, tells the two apart.
    func isComparable(with other: MeshDerivation) -> Bool {
        topology.kind == other.topology.kind && transitSite == other.transitSite
            && (transitSite == nil
                || AddressFamily.allCases.allSatisfy { owners.isAnotherThanOne($0) == other.owners.isAnotherThanOne($0) })
    }
}
