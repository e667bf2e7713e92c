import WarrenModel

/// The differences of one gateway's plan, part by part: counts, what each link notices, and, where wanted, every change.
struct GatewayDifference {
    private(set) var counts = ChangeCounts()
    private(set) var changes: [Change] = []
    private(set) var links: [SiteName: LinkAspects] = [:]
    private let site: SiteName
    private let isTold: Bool

    /// - Parameter isTold: every change is kept with its texts; or else they are counted.
    init(site: SiteName, from old: PlanPart?, to new: PlanPart?, isTold: Bool) {
        self.site = site
        self.isTold = isTold
        if let plan = new?.plan ?? old?.plan, old == nil || new == nil, !isTold {
            countAll(of: plan, new == nil ? .remove : .add)
        } else {
            compareAll(old?.plan, new?.plan, PeerLookup([old, new].compactMap(\.self)))
        }
    }

    var isEmpty: Bool { counts.total == 0 }

    /// A gateway that comes or goes: nothing need be compared.
    private mutating func countAll(of plan: GatewayPlan, _ kind: Change.Kind) {
        counts.count(
            kind,
            1 + plan.translations.count + plan.awaiting.count + plan.tunnels.count + plan.routes.count + plan.unreachable.count
                + plan.policies.count + plan.keys.count + plan.firewall.count + plan.ike.count)
        links.reserveCapacity(plan.tunnels.count)
        for tunnel in plan.tunnels { links[tunnel.peer] = kind == .add ? .starts : .ends }
    }

    private mutating func compareAll(_ old: GatewayPlan?, _ new: GatewayPlan?, _ lookup: PeerLookup) {
        gateway(old, new)
        compare(old?.translations, new?.translations, by: \.network, text: ItemText.translation) {
            ("translation \($0.network)", nil)
        }
        compare(old?.awaiting, new?.awaiting, by: \.peer, text: ItemText.awaited) { ("awaited \($0.peer)", $0.peer) }
        compare(old?.tunnels, new?.tunnels, by: \.interface, text: ItemText.tunnel, aspects: Self.tunnelAspects) {
            ("tunnel \($0.interface)", $0.peer)
        }
        compare(old?.routes, new?.routes, by: \.destination, text: ItemText.route, aspects: { _, _ in .routes }) {
            ("route \($0.destination)", lookup.peer(behind: $0.interface))
        }
        compare(old?.unreachable, new?.unreachable, by: \.self, text: \.description) { ("unreachable \($0)", nil) }
        compare(old?.policies, new?.policies, by: { PolicyKey($0) }, text: ItemText.policy, aspects: { _, _ in .selectors }) {
            ("policy \($0.direction.rawValue) \($0.selector)", $0.peer)
        }
        compare(old?.keys, new?.keys, by: \.peer, text: ItemText.key, aspects: { _, _ in .key }) { ("key \($0.peer)", $0.peer) }
        compare(old?.firewall, new?.firewall, by: \.self, text: ItemText.firewall, aspects: { _, _ in .firewall }) {
            ("firewall", lookup.peer(of: $0))
        }
        compare(old?.ike, new?.ike, by: \.peer, text: ItemText.ike, aspects: Self.ikeAspects) { ("ike \($0.peer)", $0.peer) }
    }

    private static func tunnelAspects(_ old: GIFTunnel?, _ new: GIFTunnel?) -> LinkAspects {
        guard let old else { return .starts }
        guard let new else { return .ends }
        var aspects: LinkAspects = []
        if old.outer != new.outer { aspects.insert(.outerAddresses) }
        if old.inner != new.inner { aspects.insert(.innerAddresses) }
        if old.mode != new.mode { aspects.insert(.mode) }
        if old.mtu != new.mtu { aspects.insert(.mtu) }
        return aspects
    }

    private static func ikeAspects(_ old: IKEPeer?, _ new: IKEPeer?) -> LinkAspects {
        guard let old, let new else { return [] }
        var aspects: LinkAspects = []
        if old.key != new.key { aspects.insert(.key) }
        if old.parameters != new.parameters || old.alternatives != new.alternatives || old.initiator != new.initiator {
            aspects.insert(.parameters)
        }
        if old.selectors != new.selectors { aspects.insert(.selectors) }
        return aspects
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

    /// What a gateway is, as far as no other part of its plan says it.
    private mutating func gateway(_ old: GatewayPlan?, _ new: GatewayPlan?) {
        if let old, let new, old.describesGateway(as: new) { return }
        let kind: Change.Kind = old == nil ? .add : new == nil ? .remove : .change
        counts.count(kind)
        guard isTold else { return }
        changes.append(
            Change(
                site: site, kind: kind, subject: "gateway \(site)", old: old.map(ItemText.gateway),
                new: new.map(ItemText.gateway)))
    }

    /// Compares one part: things of the same key are one thing, changed when they differ. Linear, and texts are made
    /// only of what differs.
    private mutating func compare<Item: Equatable, Key: Hashable>(
        _ old: [Item]?, _ new: [Item]?, by key: (Item) -> Key, text: (Item) -> String,
        aspects: (Item?, Item?) -> LinkAspects = { _, _ in [] }, named name: (Item) -> (subject: String, peer: SiteName?)
    ) {
        let (old, new) = withoutCommonEnds(old ?? [], new ?? [])
        if old.isEmpty, new.isEmpty { return }
        let before = Dictionary(old.map { (key($0), $0) }) { first, _ in first }
        let after = Set(new.map(key))
        func add(_ kind: Change.Kind, _ earlier: Item?, _ later: Item?) {
            counts.count(kind)
            guard let item = later ?? earlier else { return }
            let (subject, peer) = name(item)
            let noticed = aspects(earlier, later)
            if let peer, !noticed.isEmpty {
                links[peer, default: []].formUnion(noticed)
                // A tunnel that now leads to another peer is the end of the link that it was of.
                if kind == .change, let former = earlier.flatMap({ name($0).peer }), former != peer {
                    links[former, default: []].formUnion(aspects(earlier, nil))
                    links[peer, default: []].formUnion(aspects(nil, later))
                }
            }
            guard isTold else { return }
            changes.append(
                Change(
                    site: site, kind: kind, subject: subject, old: earlier.map(text), new: later.map(text),
                    link: peer.flatMap { LinkID(site, $0) }))
        }
        for item in old where !after.contains(key(item)) { add(.remove, item, nil) }
        for item in new {
            let earlier = before[key(item)]
            if earlier != item { add(earlier == nil ? .add : .change, earlier, item) }
        }
    }
}

/// Which peer an interface or a firewall rule belongs to.
private struct PeerLookup {
    private var interfaces: [String: SiteName] = [:]
    private var addresses: [IPAddress: SiteName] = [:]

    /// Of the last part, and of those before it what that does not say.
    init(_ parts: [PlanPart]) {
        for part in parts {
            if let transit = part.transit { interfaces[transit.interface] = transit.peer }
            for tunnel in part.plan.tunnels {
                interfaces[tunnel.interface] = tunnel.peer
                addresses[tunnel.outer.remote] = tunnel.peer
            }
        }
    }

    func peer(behind interface: String) -> SiteName? { interfaces[interface] }

    func peer(of rule: FirewallRule) -> SiteName? {
        if let interface = rule.interface { return interfaces[interface] }
        return (rule.direction == .inbound ? rule.source : rule.destination).flatMap { addresses[$0] }
    }
}

extension GatewayPlan {
    /// All that `ItemText.gateway` tells is the same.
    fileprivate func describesGateway(as other: GatewayPlan) -> Bool {
        platform == other.platform && index == other.index && outerAddresses == other.outerAddresses
            && innerAddress == other.innerAddress && networks == other.networks
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
