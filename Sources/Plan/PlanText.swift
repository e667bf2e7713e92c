import WarrenModel

/// Plans and changes as plain text for a terminal. Every line ends with a line feed.
public enum PlanText {
    /// Every gateway of the plan.
    public static func plan(_ plan: Plan) -> String {
        head(mesh: plan.mesh, gateways: plan.gateways.count, links: plan.links.count, awaited: plan.awaitedLinkCount)
            + plan.gateways.map { "\n" + gateway($0) }.joined()
    }

    /// The same in pieces, for a mesh that is too large to be held: their concatenation is the text of the whole plan.
    public static func pieces(_ mesh: MeshDerivation) -> some Sequence<String> {
        let gateways = mesh.makeIterator()
        let awaited = mesh.awaitedLinkCount
        let head = head(mesh: mesh.mesh, gateways: mesh.count, links: mesh.linkCount - awaited, awaited: awaited)
        return sequence(first: head) { _ in gateways.next().map { "\n" + gateway($0) } }
    }

    private static func head(mesh: String, gateways: Int, links: Int, awaited: Int) -> String {
        let more = awaited == 0 ? "" : ", \(awaited) more awaiting an address"
        return "mesh \(mesh): \(count(gateways, "gateway")), \(count(links, "link"))\(more)\n"
    }

    /// How much a plan holds.
    public static func summary(_ summary: PlanSummary) -> String {
        let busiest = summary.busiest.map { ", at most \(count(summary.mostTunnels, "tunnel")) on one gateway (\($0))" }
        return "mesh \(summary.mesh): \(count(summary.gateways, "gateway")), \(count(summary.links, "link"))\(busiest ?? "")\n"
            + "\(count(summary.routes, "route")), \(summary.policies) policies, \(count(summary.firewallRules, "firewall rule"))\n"
    }

    /// All that one gateway must run.
    public static func gateway(_ plan: GatewayPlan) -> String {
        "gateway \(plan.site): \(ItemText.gateway(plan))\n"
            + section("translations", plan.translations.map(ItemText.translation))
            + section("awaiting", plan.awaiting.map(ItemText.awaited))
            + section("tunnels", plan.tunnels.map(ItemText.tunnel))
            + section("routes", plan.routes.map(ItemText.route))
            + section("unreachable unless routed", plan.unreachable.map(\.description))
            + section("policies", plan.policies.map(ItemText.policy))
            + section("keys", plan.keys.map(ItemText.key))
            + section("firewall", plan.firewall.map(ItemText.firewall))
            + section("ike", plan.ike.map(ItemText.ike))
    }

    /// The changes under the gateway that each happens on, then how many there are.
    public static func changes(_ changes: [Change]) -> String {
        guard !changes.isEmpty else { return "no changes\n" }
        var text = ""
        var site: SiteName?
        for change in changes {
            if change.site != site {
                text += "gateway \(change.site)\n"
                site = change.site
            }
            text += line(change)
        }
        return text + "\n" + summary(changes) + "\n"
    }

    /// `12 to add, 1 to change, 0 to remove on 3 gateways`.
    public static func summary(_ changes: [Change]) -> String {
        let counts = Dictionary(grouping: changes, by: \.kind).mapValues(\.count)
        let gateways = Set(changes.map(\.site)).count
        return "\(counts[.add, default: 0]) to add, \(counts[.change, default: 0]) to change, "
            + "\(counts[.remove, default: 0]) to remove on \(count(gateways, "gateway"))"
    }

    private static func line(_ change: Change) -> String {
        switch change.kind {
        case .add: "  + \(change.subject): \(change.new ?? "")\n"
        case .remove: "  - \(change.subject): \(change.old ?? "")\n"
        case .change: "  ~ \(change.subject): \(change.old ?? "")\n      now: \(change.new ?? "")\n"
        }
    }

    private static func section(_ title: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : "  \(title)\n" + lines.map { "    \($0)\n" }.joined()
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
