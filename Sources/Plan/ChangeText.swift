import WarrenModel

extension PlanText {
    /// How far the changes reach; then every change under the gateway that it happens on; then the links, by what their packets
    /// notice.
    public static func changes(_ set: ChangeSet) -> String {
        guard !set.summary.isEmpty else { return "no changes\n" }
        var text = reach(set.summary) + "\n"
        for gateway in set.gateways { text += changes(gateway) }
        text += links(set)
        return text
    }

    /// How far the changes reach, in two lines or more.
    public static func reach(_ summary: ChangeSummary) -> String {
        guard !summary.isEmpty else { return "no changes\n" }
        var text = "\(summary.gateways) of \(count(summary.gatewaysInAll, "gateway")) and \(links(summary))\n"
        text += "\(summary.counts.add) to add, \(summary.counts.change) to change, \(summary.counts.remove) to remove\n"
        for (word, sites) in [
            ("joins", summary.joins), ("leaves", summary.leaves), ("left without any link", summary.isolated),
        ]
        where !sites.isEmpty {
            text += "\(word): \(names(sites))\n"
        }
        return text
    }

    /// `3 links: 1 restarts, 2 start`.
    private static func links(_ summary: ChangeSummary) -> String {
        let effects = LinkEffect.allCases.reversed().compactMap { effect in
            summary.links[effect].map { "\($0) \(words(effect, $0))" }
        }
        return count(summary.linksInAll, "link") + (effects.isEmpty ? "" : ": " + effects.joined(separator: ", "))
    }

    private static func words(_ effect: LinkEffect, _ number: Int) -> String {
        switch effect {
        case .none: "without effect on packets"
        default: number == 1 ? effect.rawValue : String(effect.rawValue.dropLast())
        }
    }

    private static func names(_ sites: [SiteName]) -> String {
        let shown = sites.prefix(20).map(\.description).joined(separator: ", ")
        return sites.count > 20 ? shown + " and \(sites.count - 20) more" : shown
    }

    private static func changes(_ gateway: GatewayChange) -> String {
        let effect = gateway.effect == .changes ? "" : ", \(gateway.effect.rawValue)"
        guard let changes = gateway.changes else {
            let counts = gateway.counts
            return
                "gateway \(gateway.site)\(effect): \(counts.add) to add, \(counts.change) to change, \(counts.remove) to remove\n"
        }
        return "gateway \(gateway.site)\(effect)\n" + changes.map(line).joined()
    }

    private static func links(_ set: ChangeSet) -> String {
        guard !set.links.isEmpty else { return "" }
        var text = "links\n"
        for link in set.links {
            text += "  \(link.link) \(link.effect == .none ? "goes on" : link.effect.rawValue)"
            text += link.reasons.isEmpty ? "\n" : ": \(link.reasons.joined(separator: ", "))\n"
        }
        if set.links.count < set.summary.linksInAll { text += "  and \(set.summary.linksInAll - set.links.count) more\n" }
        return text
    }

    private static func line(_ change: Change) -> String {
        switch change.kind {
        case .add: "  + \(change.subject): \(change.new ?? "")\n"
        case .remove: "  - \(change.subject): \(change.old ?? "")\n"
        case .change: "  ~ \(change.subject): \(change.old ?? "")\n      now: \(change.new ?? "")\n"
        }
    }
}
