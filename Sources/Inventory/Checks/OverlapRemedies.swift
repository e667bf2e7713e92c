import WarrenModel

/// What to do about networks that overlap, with ranges that are free. A network gets the same proposal in every remedy.
struct OverlapRemedies {
    /// How many faults come with a free range that would do.
    private static let proposals = 100

    private let declaration: Declaration
    private lazy var free = FreeSpace(taken: declaration)
    private var proposed: [Key: IPPrefix] = [:]
    private var count = 0

    private struct Key: Hashable {
        var site: Int
        var prefix: IPPrefix
    }

    init(_ declaration: Declaration) {
        self.declaration = declaration
    }

    mutating func remedy(_ earlier: DeclaredNetwork, _ later: DeclaredNetwork) -> String {
        if let visible = [later, earlier].first(where: { $0.original != nil }) { return remedy(forVisible: visible) }
        let isProposing = mayPropose()
        let collided = [earlier, later].filter { !$0.isHidden }
        // The network whose site would be renumbered: the later one that is still seen as it is.
        guard let renumbered = collided.last else { return "renumber one of the two" }
        guard isProposing, let replacement = proposal(for: renumbered) else {
            return "renumber one of the two, or translate \(collided.count == 1 ? "it" : "both")"
        }
        var lines: [String] = []
        for network in collided {
            if let visible = proposal(for: network) { lines.append("\n    " + translation(of: network, visible)) }
        }
        let renumbering = "give \(name(renumbered)) a free network, such as \(replacement)"
        guard lines.count == collided.count else { return renumbering }
        let how = collided.count == 1 ? "or translate it, as the other is:" : "or keep them and translate both:"
        return renumbering + "; " + how + lines.joined()
    }

    /// What to do about a range that a network can't be seen as.
    mutating func remedy(forVisible visible: DeclaredNetwork) -> String {
        let other = mayPropose() ? proposal(for: visible) : nil
        return "let \(visible.original ?? visible.prefix) of \(name(visible)) be seen as another range"
            + (other.map { ", such as \($0)" } ?? "")
    }

    /// Looking for free space costs as much as there are networks, and nobody reads that many proposals.
    private mutating func mayPropose() -> Bool {
        count += 1
        return count <= Self.proposals
    }

    private mutating func proposal(for network: DeclaredNetwork) -> IPPrefix? {
        let key = Key(site: network.site, prefix: network.prefix)
        if let known = proposed[key] { return known }
        let found = free.takeNearest(to: network.prefix)
        proposed[key] = found
        return found
    }

    /// The line to add to the site, whether it translates another network already or none.
    private func translation(of network: DeclaredNetwork, _ visible: IPPrefix) -> String {
        let entry = "\(scalar(network.prefix)): \(scalar(visible))"
        return declaration.sites[network.site].translations.isEmpty
            ? "in \(name(network)): translate: {\(entry)}" : "in the 'translate' of \(name(network)): \(entry)"
    }

    private func name(_ network: DeclaredNetwork) -> SiteName { declaration.sites[network.site].name.value }

    /// In quotes when it holds a colon, which YAML would read as a mapping's.
    private func scalar(_ prefix: IPPrefix) -> String { prefix.family == .ipv6 ? "\"\(prefix)\"" : "\(prefix)" }
}
