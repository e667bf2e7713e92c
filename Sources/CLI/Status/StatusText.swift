import WarrenModel
import WarrenStatus

/// The status of a mesh for a person to read. Pure.
///
/// A mesh that fits is shown as a matrix, each site against each; one that does not, as a matrix of its tags. Below it stands
/// whatever is not well, with its reason.
enum StatusText {
    /// What is shown, and how wide.
    struct Layout {
        /// Of the terminal; nil where there is none.
        var columns: Int?
        var colour = false
        /// The whole matrix in words, a table of the links, and every line, whatever the width.
        var isWide = false
        /// Each site against each, whatever the width.
        var showsAll = false
        /// How much of what is not well is listed; the rest is counted. Nil: all of it.
        var mostLines: Int? = 40
        /// The site that is asked for: its links are listed.
        var site: SiteName?
    }

    static func table(_ status: MeshStatus, colour: Bool) -> String { table(status, Layout(colour: colour)) }

    static func table(_ status: MeshStatus, _ layout: Layout) -> String {
        guard !status.sites.isEmpty else {
            return layout.site.map { "the mesh has no site '\($0)'\n" }
                ?? "no site is declared yet: 'warren apply --no-wait FILE' declares them\n"
        }
        var blocks = ["mesh \(status.mesh), \(title(status))\n"]
        if let site = layout.site {
            blocks.append(LinkTable.text(status.links, from: site, colour: layout.colour))
        } else if let matrix = StatusMatrix.text(status, layout) {
            blocks.append(matrix)
            blocks.append(StatusMatrix.legend(status) + "\n")
        }
        if layout.isWide, layout.site == nil { blocks.append(LinkTable.text(status.links, colour: layout.colour)) }
        let reasons = reasons(status, atMost: layout.mostLines)
        if !reasons.isEmpty { blocks.append(reasons) }
        blocks.append(summary(status) + "\n")
        return blocks.joined(separator: "\n")
    }

    /// What the mesh runs, or is led to.
    static func title(_ status: MeshStatus) -> String {
        status.isRollingOut == true
            ? "roll-out to generation \(status.generation) under way" : "generation \(status.generation)"
    }

    /// One line of a roll-out's progress.
    static func progress(of status: MeshStatus, towards generation: Generation) -> String {
        let isUnderWay = status.isRollingOut == true && status.generation == generation
        // Until the roll-out is over, a gateway whose turn has not come is as it shall be, and yet has to come along.
        let isThere = { (site: SiteStatus) in
            isUnderWay
                ? site.applied == generation && site.isOnTrial != true
                : status.generation == generation && site.isCurrent(in: generation)
        }
        let count = status.sites.count, there = status.sites.count(where: isThere)
        guard !isUnderWay else {
            return "roll-out to generation \(generation) under way: \(there) of \(count) gateways run a state of it, "
                + links(status)
        }
        let waiting = status.sites.filter { !isThere($0) }.map(\.site.description)
        let names = waiting.isEmpty || waiting.count > 5 ? "" : " (waiting for \(waiting.joined(separator: ", ")))"
        return "generation \(generation): \(there) of \(count) gateways, \(links(status))\(names)"
    }

    private static func links(_ status: MeshStatus) -> String {
        // The answer may hold only some of the links; the counts are of the whole mesh.
        let counts = status.counts?.links ?? Dictionary(grouping: status.links, by: \.state).mapValues(\.count)
        let all = counts.values.reduce(0, +) - (counts[.drained] ?? 0), up = counts[.up] ?? 0
        let others: [(LinkState, String)] = [(.waiting, "waiting for an address"), (.drained, "drained")]
        return "\(up) of \(all) links up"
            + others.map { state, text in counts[state].map { $0 > 0 ? ", \($0) \(text)" : "" } ?? "" }.joined()
    }

    /// One line for the whole mesh.
    static func summary(_ status: MeshStatus) -> String {
        if status.isRollingOut == true { return progress(of: status, towards: status.generation) }
        return links(status) + (status.isWell ? ", every gateway as planned" : "")
    }

    /// At most three digits that matter.
    static func milliseconds(_ value: Double) -> String {
        guard value.isFinite, value >= 0, value < 100_000 else { return "-" }
        if value >= 100 { return "\(Int(value))" }
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    /// `42 s`, `7 min`, `3 h`, `12 d`: whole numbers of the largest unit that is not a fraction.
    static func span(seconds: Double) -> String {
        let whole = Int(seconds.isFinite ? min(max(seconds, 0), 1e9) : 0)
        return switch whole {
        case ..<120: "\(whole) s"
        case ..<7200: "\(whole / 60) min"
        case ..<172_800: "\(whole / 3600) h"
        default: "\(whole / 86400) d"
        }
    }

    /// `950 b/s`, `12 kb/s`, `3.4 Mb/s`.
    static func rate(bitsPerSecond: UInt64) -> String {
        var value = Double(bitsPerSecond)
        for unit in ["b/s", "kb/s", "Mb/s", "Gb/s"] {
            if value < 1000 || unit == "Gb/s" {
                let tenths = Int((value * 10).rounded())
                let text = value >= 10 || tenths % 10 == 0 ? "\(Int(value.rounded()))" : "\(tenths / 10).\(tenths % 10)"
                return "\(text) \(unit)"
            }
            value /= 1000
        }
        return "-"
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    static func trimmed(_ line: String) -> String { String(line.reversed().drop { $0 == " " }.reversed()) }
}
