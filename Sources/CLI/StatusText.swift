import WarrenModel
import WarrenStatus

/// The status of a mesh for a person to read. Pure.
enum StatusText {
    /// The sites, the matrix of their links, its legend, and the reasons of whatever is not well.
    static func table(_ status: MeshStatus, colour: Bool) -> String {
        guard !status.sites.isEmpty else { return "no site is declared yet; see 'warren apply --help'\n" }
        var text = "mesh \(status.mesh), \(title(status))\n\n"
        text += matrix(status, colour: colour) + "\n"
        text += legend(status) + "\n"
        let reasons = reasons(status)
        return text + (reasons.isEmpty ? "" : "\n" + reasons) + "\n" + summary(status) + "\n"
    }

    private static func legend(_ status: MeshStatus) -> String {
        var entries = [
            "up: proven by both ends and a probe", "dgr: degraded", "con: connecting", "DWN: down", "?: no fresh report",
        ]
        if status.links.contains(where: { $0.state == .waiting }) { entries.append("wait: for an address") }
        if status.links.contains(where: { $0.state == .drained }) { entries.append("drn: drained") }
        if status.sites.contains(where: { $0.isOnTrial == true }) { entries.append("*: on trial") }
        return entries.joined(separator: "   ")
    }

    /// What the mesh runs, or is led to.
    private static func title(_ status: MeshStatus) -> String {
        status.isRollingOut == true
            ? "roll-out to generation \(status.generation) under way" : "generation \(status.generation)"
    }

    /// The generation that a gateway runs. While a roll-out is under way, the version that it was led to so far; after it, all
    /// that runs what the generation says counts as of that generation, also what the roll-out did not have to touch.
    private static func generation(of site: SiteStatus, in status: MeshStatus) -> String {
        guard site.applied > .none else { return "-" }
        let version = site.version?.short ?? "\(site.applied)"
        let isThere = status.isRollingOut != true && site.isCurrent(in: status.generation)
        return (isThere ? "\(status.generation)" : version) + (site.isOnTrial == true ? "*" : "")
    }

    /// One row per site: number, name, generation, and its link to each site by number with the round-trip time in ms.
    private static func matrix(_ status: MeshStatus, colour: Bool) -> String {
        let sites = status.sites.map(\.site)
        let links = Dictionary(status.links.map { ($0.link, $0) }) { first, _ in first }
        let nameWidth = max(4, sites.map(\.description.count).max() ?? 0), cellWidth = 8
        let generations = status.sites.map { generation(of: $0, in: status) }
        let generationWidth = max(5, 1 + (generations.map(\.count).max() ?? 0))
        var lines = [
            pad("", 4) + pad("site", nameWidth + 2) + pad("agent", 7) + pad("gen", generationWidth)
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
                    + pad(generations[row], generationWidth) + cells.joined())
        }
        return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n") + "\n"
    }

    private static func cell(_ link: LinkStatus, width: Int, colour: Bool) -> String {
        let (word, code) =
            switch link.state {
            case .up: ("up" + (link.roundTripMilliseconds.map { " \(milliseconds($0))" } ?? ""), 32)
            case .degraded: ("dgr", 33)
            case .waiting: ("wait", 33)
            case .connecting: ("con", 33)
            case .down: ("DWN", 31)
            case .drained: ("drn", 36)
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
            } else if let behind = behind(site, in: status) {
                lines.append("\(site.site): \(behind)")
            }
            if let failure = site.failure { lines.append("\(site.site): \(failure)") }
            lines += site.drift.map { "\(site.site): drift: \($0)" }
        }
        for link in status.links where !link.state.isWell {
            let state = link.state == .waiting ? nil : link.state.rawValue
            let text = [state, link.reason].compactMap(\.self).joined(separator: ": ")
            lines.append("\(link.link.first) - \(link.link.second): \(text)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// How a gateway that does not run what it shall is behind; nil when it is not.
    private static func behind(_ site: SiteStatus, in status: MeshStatus) -> String? {
        guard !site.isCurrent(in: status.generation) else { return nil }
        guard site.applied > .none else { return "runs nothing yet" }
        let version = site.version?.short ?? "\(site.applied)"
        let intended = site.intended?.short ?? "\(status.generation)"
        let under = status.isRollingOut == true ? "; roll-out to \(status.generation) under way" : ""
        return "runs \(version)\(site.isOnTrial == true ? " on trial" : ""), is to run \(intended)\(under)"
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
        let up = status.links.count { $0.state == .up }, waiting = status.links.count { $0.state == .waiting }
        return "\(up) of \(status.activeLinks.count) links up" + (waiting == 0 ? "" : ", \(waiting) waiting for an address")
    }

    private static func summary(_ status: MeshStatus) -> String {
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

    private static func clamping(_ value: Double) -> Double { value.isFinite ? min(max(value, 0), 1e9) : 0 }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}

extension StateVersion {
    /// Without the revision where the gateway was led to the generation at once.
    fileprivate var short: String { revision == 0 ? String(description.dropLast(2)) : description }
}
