import WarrenModel
import WarrenStatus

/// Which site has which link to which, as one picture. Pure.
enum StatusMatrix {
    /// Wider than this, nobody finds the column again.
    private static let mostSites = 64
    private static let wordWidth = 8, glyphWidth = 2
    /// Where there is no terminal to fit in.
    private static let columnsOfFile = 160

    /// Each site against each, in words or only in glyphs, as it fits; else each tag against each; nil where there is none.
    static func text(_ status: MeshStatus, _ layout: StatusText.Layout) -> String? {
        let count = status.sites.count, left = Rows(status).width
        let columns = layout.columns ?? columnsOfFile
        if layout.isWide || (count <= mostSites && left + count * wordWidth <= columns) {
            return sites(status, cellWidth: wordWidth, layout.colour)
        }
        if layout.showsAll || (count <= mostSites && left + count * glyphWidth <= columns) {
            return sites(status, cellWidth: glyphWidth, layout.colour)
        }
        return GroupMatrix.text(status, layout)
    }

    static func legend(_ status: MeshStatus) -> String {
        let counts = status.counts?.links ?? [:]
        let present = Set(status.links.map(\.state)).union(counts.filter { $0.value > 0 }.keys)
        var entries = LinkState.worstFirst.reversed().filter { $0 == .up || present.contains($0) }
            .map { "\($0.glyph) \($0.meaning)" }
        if status.sites.contains(where: { $0.isOnTrial == true }) { entries.append("* on trial") }
        return entries.joined(separator: "   ")
    }

    /// The columns on the left: number, name, agent and generation of each site.
    private struct Rows {
        let generations: [String]
        let nameWidth: Int
        let generationWidth: Int

        init(_ status: MeshStatus) {
            generations = status.sites.map { StatusMatrix.generation(of: $0, in: status) }
            nameWidth = max(4, status.sites.map(\.site.description.count).max() ?? 0) + 2
            generationWidth = max(5, 1 + (generations.map(\.count).max() ?? 0))
        }

        var width: Int { 4 + nameWidth + 7 + generationWidth }

        var heading: String {
            StatusText.pad("", 4) + StatusText.pad("site", nameWidth) + StatusText.pad("agent", 7)
                + StatusText.pad("gen", generationWidth)
        }

        func text(_ row: Int, _ site: SiteStatus) -> String {
            StatusText.pad("\(row + 1)", 4) + StatusText.pad(site.site.description, nameWidth)
                + StatusText.pad(site.connected ? "on" : "off", 7) + StatusText.pad(generations[row], generationWidth)
        }
    }

    private static func sites(_ status: MeshStatus, cellWidth: Int, _ colour: Bool) -> String {
        let sites = status.sites.map(\.site), rows = Rows(status)
        let links = Dictionary(status.links.map { ($0.link, $0) }) { first, _ in first }
        var lines = heading(of: sites.count, cellWidth: cellWidth, beside: rows.heading)
        for (row, site) in status.sites.enumerated() {
            let cells = sites.map { other -> String in
                guard let link = LinkID(site.site, other) else { return StatusText.pad("·", cellWidth) }
                guard let status = links[link] else { return StatusText.pad("", cellWidth) }
                return cell(status, width: cellWidth, colour)
            }
            lines.append(rows.text(row, site) + cells.joined())
        }
        return lines.map { StatusText.trimmed($0) + "\n" }.joined()
    }

    /// The sites' numbers; from the top down where a cell is too narrow for them.
    private static func heading(of count: Int, cellWidth: Int, beside title: String) -> [String] {
        let numbers = (1...max(1, count)).map(String.init)
        guard cellWidth < wordWidth else { return [title + numbers.map { StatusText.pad($0, cellWidth) }.joined()] }
        let height = numbers.last?.count ?? 1, blank = String(repeating: " ", count: title.count)
        return (0..<height).map { line in
            let digits = numbers.map { number -> String in
                let shift = line - (height - number.count)
                return StatusText.pad(shift < 0 ? " " : String(Array(number)[shift]), cellWidth)
            }
            return (line == height - 1 ? title : blank) + digits.joined()
        }
    }

    private static func cell(_ link: LinkStatus, width: Int, _ colour: Bool) -> String {
        var text = link.state.glyph
        if width >= wordWidth {
            let word = link.state == .up ? link.roundTripMilliseconds.map(StatusText.milliseconds) : link.state.abbreviation
            if let word, word != text { text += " \(word)" }
        }
        return link.state.coloured(StatusText.pad(text, width), colour)
    }

    /// The generation that a gateway runs. While a roll-out is under way, the version that it was led to so far; after it, all
    /// that runs what the generation says counts as of that generation, also what the roll-out did not have to touch.
    private static func generation(of site: SiteStatus, in status: MeshStatus) -> String {
        guard site.applied > .none else { return "-" }
        let version = site.version?.short ?? "\(site.applied)"
        let isThere = status.isRollingOut != true && site.isCurrent(in: status.generation)
        return (isThere ? "\(status.generation)" : version) + (site.isOnTrial == true ? "*" : "")
    }
}

extension StateVersion {
    /// Without the revision where the gateway was led to the generation at once.
    var short: String { revision == 0 ? String(description.dropLast(2)) : description }
}
