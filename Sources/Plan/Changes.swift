import WarrenModel

extension Plan {
    /// What must change for `old` to become `new`; everything is added when there is no old plan.
    ///
    /// In order of sites; within one: the gateway, tunnels, routes, unreachable networks, policies, keys, firewall, IKE,
    /// each with removals first and then in the order of the new plan. Empty when every gateway's plan says the same.
    public static func changes(from old: Plan?, to new: Plan) -> [Change] {
        let before = Dictionary((old?.gateways ?? []).map { ($0.site, $0) }) { first, _ in first }
        let after = Dictionary(new.gateways.map { ($0.site, $0) }) { first, _ in first }
        return Set(before.keys).union(after.keys).sorted().flatMap { site -> [Change] in
            changes(at: site, from: before[site], to: after[site])
        }
    }

    /// The part of `changes` that is one gateway's; nil for a plan that has no such gateway. The changes of a mesh that is too
    /// large to be held can be worked out gateway by gateway.
    public static func changes(at site: SiteName, from old: GatewayPlan?, to new: GatewayPlan?) -> [Change] {
        old == new ? [] : GatewayChanges(site: site, from: old, to: new).changes
    }
}

extension MeshDerivation {
    /// `Plan.changes`, of which never more than two gateways' plans are held.
    public static func changes(from old: MeshDerivation?, to new: MeshDerivation) -> [Change] {
        Set(old?.sites ?? []).union(new.sites).sorted().flatMap { site in
            Plan.changes(at: site, from: old?[site], to: new[site])
        }
    }
}

/// The differences of one gateway's plan.
private struct GatewayChanges {
    let site: SiteName
    private(set) var changes: [Change] = []

    init(site: SiteName, from old: GatewayPlan?, to new: GatewayPlan?) {
        self.site = site
        gateway(old, new)
        compare(old?.tunnels, new?.tunnels, by: \.interface, text: ItemText.tunnel) { ("tunnel \($0.interface)", $0.peer) }
        let oldPeers = Self.peers(old), newPeers = Self.peers(new)
        compare(old?.routes, new?.routes, by: \.destination, text: ItemText.route) {
            ("route \($0.destination)", newPeers[$0.interface] ?? oldPeers[$0.interface])
        }
        compare(old?.unreachable, new?.unreachable, by: \.self, text: \.description) { ("unreachable \($0)", nil) }
        compare(old?.policies, new?.policies, by: { PolicyKey($0) }, text: ItemText.policy) {
            ("policy \($0.direction.rawValue) \($0.selector)", $0.peer)
        }
        compare(old?.keys, new?.keys, by: \.peer, text: ItemText.key) { ("key \($0.peer)", $0.peer) }
        compare(old?.firewall, new?.firewall, by: \.self, text: ItemText.firewall) { _ in ("firewall", nil) }
        compare(old?.ike, new?.ike, by: \.peer, text: ItemText.ike) { ("ike \($0.peer)", $0.peer) }
    }

    /// A policy is the same one, changed, as long as it speaks of the same packets.
    private struct PolicyKey: Hashable {
        let direction: SecurityPolicy.Direction
        let selector: TrafficSelector
        init(_ policy: SecurityPolicy) {
            direction = policy.direction
            selector = policy.selector
        }
    }

    private static func peers(_ plan: GatewayPlan?) -> [String: SiteName] {
        Dictionary((plan?.tunnels ?? []).map { ($0.interface, $0.peer) }) { first, _ in first }
    }

    /// What a gateway is, as far as no other part of its plan says it.
    private mutating func gateway(_ old: GatewayPlan?, _ new: GatewayPlan?) {
        let before = old.map(ItemText.gateway), after = new.map(ItemText.gateway)
        guard before != after else { return }
        let kind: Change.Kind = before == nil ? .add : after == nil ? .remove : .change
        changes.append(Change(site: site, kind: kind, subject: "gateway \(site)", old: before, new: after))
    }

    /// Compares one part: things of the same key are one thing, changed when they differ. Linear, and texts are made
    /// only of what differs.
    private mutating func compare<Item: Equatable, Key: Hashable>(
        _ old: [Item]?, _ new: [Item]?, by key: (Item) -> Key, text: (Item) -> String,
        named name: (Item) -> (subject: String, peer: SiteName?)
    ) {
        let (old, new) = withoutCommonEnds(old ?? [], new ?? [])
        let before = Dictionary(old.map { (key($0), $0) }) { first, _ in first }
        let after = Set(new.map(key))
        for item in old where !after.contains(key(item)) { add(.remove, name(item), old: text(item)) }
        for item in new {
            guard let earlier = before[key(item)] else {
                add(.add, name(item), new: text(item))
                continue
            }
            if earlier != item { add(.change, name(item), old: text(earlier), new: text(item)) }
        }
    }

    private mutating func add(
        _ kind: Change.Kind, _ name: (subject: String, peer: SiteName?), old: String? = nil, new: String? = nil
    ) {
        let link = name.peer.flatMap { LinkID(site, $0) }
        changes.append(Change(site: site, kind: kind, subject: name.subject, old: old, new: new, link: link))
    }
}

/// What is left of two lists without what both begin with and what both end with.
private func withoutCommonEnds<Item: Equatable>(_ a: [Item], _ b: [Item]) -> (ArraySlice<Item>, ArraySlice<Item>) {
    let most = min(a.count, b.count)
    var head = 0
    while head < most, a[head] == b[head] { head += 1 }
    var tail = 0
    while tail < most - head, a[a.count - 1 - tail] == b[b.count - 1 - tail] { tail += 1 }
    return (a[head..<(a.count - tail)], b[head..<(b.count - tail)])
}
