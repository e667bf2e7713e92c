import WarrenModel
import WarrenStatus

/// The status of a mesh for a person to read. Pure.
enum StatusText {
    /// The sites, the matrix of their links, its legend, and the reasons of whatever is not well.
    static func table(_ status: MeshStatus, colour: Bool) -> String {
        guard !status.sites.isEmpty else { return "no site is declared yet; see 'warren apply --help'\n" }
        var text = "mesh \(status.mesh), generation \(status.generation)\n\n"
        text += matrix(status, colour: colour) + "\n"
        text += "up: proven by both ends and a probe   dgr: degraded   con: connecting   DWN: down   ?: no fresh report\n"
        let reasons = reasons(status)
        return text + (reasons.isEmpty ? "" : "\n" + reasons) + "\n" + summary(status) + "\n"
    }

    /// One row per site: number, name, generation, and its link to each site by number with the round-trip time in ms.
    private static func matrix(_ status: MeshStatus, colour: Bool) -> String {
        let sites = status.sites.map(\.site)
        let links = Dictionary(status.links.map { ($0.link, $0) }) { first, _ in first }
        let nameWidth = max(4, sites.map(\.description.count).max() ?? 0), cellWidth = 8
        var lines = [
            pad("", 4) + pad("site", nameWidth + 2) + pad("agent", 7) + pad("gen", 5)
                + sites.indices.map { pad("\($0 + 1)", cellWidth) }.joined()
        ]
        for (row, site) in status.sites.enumerated() {
            let cells = sites.map { other -> String in
                guard let link = LinkID(site.site, other) else { return pad("·", cellWidth) }
                guard let state = links[link] else { return pad("", cellWidth) }
                return cell(state, width: cellWidth, colour: colour)
            }
            lines.append(
                pad("\(row + 1)", 4) + pad(site.site.description, nameWidth + 2) + pad(site.connected ? "on" : "off", 7)
                    + pad(site.applied == .none ? "-" : "\(site.applied)", 5) + cells.joined())
        }
        return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n") + "\n"
    }

    private static func cell(_ link: LinkStatus, width: Int, colour: Bool) -> String {
        let (word, code) =
            switch link.state {
            case .up: ("up" + (link.roundTripMilliseconds.map { " \(milliseconds($0))" } ?? ""), 32)
            case .degraded: ("dgr", 33)
            case .connecting: ("con", 33)
            case .down: ("DWN", 31)
            case .unknown: ("?", 35)
            }
        return colour ? "\u{1B}[\(code)m\(pad(word, width))\u{1B}[0m" : pad(word, width)
    }

    /// A line for every link and gateway that is not well, with its reason.
    static func reasons(_ status: MeshStatus) -> String {
        var lines: [String] = []
        for site in status.sites {
            if !site.connected {
                let age = site.lastReportSecondsAgo.map { ", last report \(Int(clamping($0))) s ago" } ?? ", it never reported"
                lines.append("\(site.site): its agent is not connected\(age)")
            } else if site.applied != status.generation {
                lines.append("\(site.site): runs generation \(site.applied), not \(status.generation) yet")
            }
            if let failure = site.failure { lines.append("\(site.site): \(failure)") }
            lines += site.drift.map { "\(site.site): drift: \($0)" }
        }
        for link in status.links where link.state != .up {
            lines.append(
                "\(link.link.first) - \(link.link.second): \(link.state.rawValue)\(link.reason.map { ": \($0)" } ?? "")")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// One line of a roll-out's progress.
    static func progress(of status: MeshStatus, towards generation: Generation) -> String {
        let applied = status.sites.filter { $0.applied == generation }.count
        let waiting = status.sites.filter { $0.applied != generation }.map(\.site.description)
        let up = status.links.filter { $0.state == .up }.count
        var line =
            "generation \(generation): \(applied) of \(status.sites.count) gateways, \(up) of \(status.links.count) links up"
        if !waiting.isEmpty, waiting.count <= 5 { line += " (waiting for \(waiting.joined(separator: ", ")))" }
        return line
    }

    private static func summary(_ status: MeshStatus) -> String {
        let up = status.links.filter { $0.state == .up }.count
        return "\(up) of \(status.links.count) links up" + (status.isWell ? ", every gateway as planned" : "")
    }

    /// At most three digits that matter.
    static func milliseconds(_ value: Double) -> String {
        guard value.isFinite, value >= 0, value < 100_000 else { return "-" }
        if value >= 100 { return "\(Int(value))" }
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private static func clamping(_ value: Double) -> Double { value.isFinite ? min(max(value, 0), 1e9) : 0 }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
