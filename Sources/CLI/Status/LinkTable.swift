import WarrenModel
import WarrenStatus

/// Links one below the other, with all that is measured of each. Pure.
enum LinkTable {
    /// - Parameter site: whose links they are: only the other end is named then.
    static func text(_ links: [LinkStatus], from site: SiteName? = nil, colour: Bool) -> String {
        guard !links.isEmpty else { return "no links\n" }
        let heading = [site == nil ? "link" : "to", "state", "for", "rtt ms", "loss", "in", "out", "mtu", "changes/h"]
        let rows: [[String]] = links.map { cells(of: $0, from: site) }
        let widths: [Int] = heading.indices.map { column in
            2 + (([heading] + rows).map { $0[column].count }.max() ?? 0)
        }
        func line(_ cells: [String], _ state: LinkState?) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() {
                let padded = StatusText.pad(cell, widths[column])
                text += column == 1 ? state?.coloured(padded, colour) ?? padded : padded
            }
            return StatusText.trimmed(text) + "\n"
        }
        return line(heading, nil) + zip(rows, links).map { line($0, $1.state) }.joined()
    }

    private static func cells(of link: LinkStatus, from site: SiteName?) -> [String] {
        var cells = [site.flatMap { link.link.peer(of: $0)?.description } ?? "\(link.link)"]
        cells.append("\(link.state.glyph) \(link.state.rawValue)")
        cells.append(link.sinceSeconds.map { StatusText.span(seconds: $0) } ?? "-")
        cells.append(link.roundTripMilliseconds.map(StatusText.milliseconds) ?? "-")
        cells.append(link.lossPercent.map(percent) ?? "-")
        cells.append(inward(link, site).map { StatusText.rate(bitsPerSecond: $0) } ?? "-")
        cells.append(outward(link, site).map { StatusText.rate(bitsPerSecond: $0) } ?? "-")
        cells.append(link.pathMTU.map { "\($0)" } ?? "-")
        cells.append(link.flaps.map { "\($0)" } ?? "-")
        return cells
    }

    private static func percent(_ value: Double) -> String {
        let tenths = Int((value.isFinite ? min(max(value, 0), 100) : 0) * 10)
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }

    /// The rates are told as the link's first site counts them.
    private static func inward(_ link: LinkStatus, _ site: SiteName?) -> UInt64? {
        site == link.link.second ? link.sentBitsPerSecond : link.receivedBitsPerSecond
    }

    private static func outward(_ link: LinkStatus, _ site: SiteName?) -> UInt64? {
        site == link.link.second ? link.receivedBitsPerSecond : link.sentBitsPerSecond
    }
}
