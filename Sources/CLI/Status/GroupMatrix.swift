import WarrenStatus

/// Which tags' sites have how many links up to which other tags' sites. Pure.
enum GroupMatrix {
    /// Nil when the sites have no tags, or when the answer does not say.
    static func text(_ status: MeshStatus, _ layout: StatusText.Layout) -> String? {
        guard let groups = status.groups, groups.groups.contains(where: { $0.tag != nil }) else { return nil }
        let names = groups.groups.map { $0.tag ?? "(no tag)" }
        var cells = names.map { _ in names.map { _ in Cell(links: [:]) } }
        for pair in groups.pairs where names.indices.contains(pair.first) && names.indices.contains(pair.second) {
            cells[pair.first][pair.second] = Cell(links: pair.links)
            cells[pair.second][pair.first] = Cell(links: pair.links)
        }
        let connected = groups.groups.map { "\($0.connectedSites)/\($0.sites)" }
        let nameWidth = max(4, names.map(\.count).max() ?? 0) + 2
        let agentWidth = max(6, connected.map(\.count).max() ?? 0) + 2
        let widths = names.indices.map { column in
            2 + max(names[column].count, cells.map { $0[column].text.count }.max() ?? 0)
        }
        // Where there are more tags than fit, the row's own sum has to do.
        let fits = nameWidth + agentWidth + widths.reduce(0, +) <= layout.columns ?? .max
        var text = StatusText.pad("tag", nameWidth) + StatusText.pad("agents", agentWidth)
        text += fits ? zip(names, widths).map { StatusText.pad($0, $1) }.joined() : "links"
        text = StatusText.trimmed(text) + "\n"
        for row in names.indices {
            let shown = fits ? zip(cells[row], widths).map { ($0, $1) } : [(Cell.sum(cells[row]), 0)]
            let line =
                StatusText.pad(names[row], nameWidth) + StatusText.pad(connected[row], agentWidth)
                + shown.map { $0.padded(to: $1, layout.colour) }.joined()
            text += StatusText.trimmed(line) + "\n"
        }
        return text
    }

    private struct Cell {
        let links: [LinkState: Int]

        static func sum(_ cells: [Cell]) -> Cell {
            Cell(links: cells.reduce(into: [:]) { sum, cell in sum.merge(cell.links, uniquingKeysWith: +) })
        }

        /// The worst that any of them is in.
        private var worst: LinkState? { LinkState.worstFirst.first { (links[$0] ?? 0) > 0 } }

        /// All of them, or how many of them are up.
        var text: String {
            guard let worst else { return "·" }
            let all = links.values.reduce(0, +), up = links[.up] ?? 0
            return "\(worst.glyph) " + (up == all ? "\(all)" : "\(up)/\(all)")
        }

        func padded(to width: Int, _ colour: Bool) -> String {
            let padded = StatusText.pad(text, width)
            return worst?.coloured(padded, colour) ?? padded
        }
    }
}
