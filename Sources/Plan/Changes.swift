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
            let old = before[site], new = after[site]
            return old == new ? [] : GatewayChanges(site: site, from: old, to: new).changes
        }
    }
}

/// The differences of one gateway's plan.
private struct GatewayChanges {
    let site: SiteName
    private(set) var changes: [Change] = []

    /// One thing of a plan: what names it, what it says, and whom it is about.
    private struct Item {
        let subject: String
        let text: String
        var peer: SiteName?
    }

    init(site: SiteName, from old: GatewayPlan?, to new: GatewayPlan?) {
        self.site = site
        compare(old, new) { [Item(subject: "gateway \($0.site)", text: ItemText.gateway($0))] }
        compare(old, new) { plan in
            plan.tunnels.map { Item(subject: "tunnel \($0.interface)", text: ItemText.tunnel($0), peer: $0.peer) }
        }
        compare(old, new) { plan in
            let peers = Dictionary(plan.tunnels.map { ($0.interface, $0.peer) }) { first, _ in first }
            return plan.routes.map {
                Item(subject: "route \($0.destination)", text: ItemText.route($0), peer: peers[$0.interface])
            }
        }
        compare(old, new) { plan in plan.unreachable.map { Item(subject: "unreachable \($0)", text: "\($0)") } }
        compare(old, new) { plan in
            plan.policies.map {
                Item(
                    subject: "policy \($0.direction.rawValue) \($0.selector)", text: ItemText.policy($0), peer: $0.peer)
            }
        }
        compare(old, new) { plan in
            plan.keys.map { Item(subject: "key \($0.peer)", text: ItemText.key($0), peer: $0.peer) }
        }
        compare(old, new) { plan in plan.firewall.map { Item(subject: "firewall", text: ItemText.firewall($0)) } }
        compare(old, new) { plan in
            plan.ike.map { Item(subject: "ike \($0.peer)", text: ItemText.ike($0), peer: $0.peer) }
        }
    }

    private mutating func compare(_ old: GatewayPlan?, _ new: GatewayPlan?, items: (GatewayPlan) -> [Item]) {
        let old = old.map(items) ?? [], new = new.map(items) ?? []
        // Firewall rules have no name but their text.
        func name(_ item: Item) -> String { item.subject == "firewall" ? item.text : item.subject }
        let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
        let after = Dictionary(new.map { (name($0), $0) }) { first, _ in first }
        for item in old where after[name(item)] == nil { add(.remove, item, old: item.text) }
        for item in new {
            guard let earlier = before[name(item)] else {
                add(.add, item, new: item.text)
                continue
            }
            if earlier.text != item.text {
                add(.change, item, old: earlier.text, new: item.text)
            }
        }
    }

    private mutating func add(_ kind: Change.Kind, _ item: Item, old: String? = nil, new: String? = nil) {
        changes.append(
            Change(
                site: site, kind: kind, subject: item.subject, old: old, new: new,
                link: item.peer.flatMap { LinkID(site, $0) }))
    }
}
