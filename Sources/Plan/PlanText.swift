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

    private static func section(_ title: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : "  \(title)\n" + lines.map { "    \($0)\n" }.joined()
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
