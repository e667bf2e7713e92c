import WarrenModel

/// Which links are up, kept report by report: a report costs as much as its gateway has peers, whatever the mesh's size.
public struct LinkWatch: Sendable {
    /// What one site's agent said last.
    private struct Heard: Sendable {
        let said: Said
        var at: MonotonicTime
        /// When each of its links was up by its own probes: how much was new by then.
        var quietAt: Int?
        /// Nothing new was said of any of them since then, by either end.
        var isQuiet = false
        /// It has said nothing for too long, and that was told.
        var isSilent = false
    }

    /// What a report says of the site's links, with the other ends by their numbers, ascending.
    private final class Said: Sendable {
        let report: AgentReport
        let peers: [Int]
        let proofs: [LinkProof]

        init(_ report: AgentReport, _ ends: [(peer: Int, proof: LinkProof)]) {
            self.report = report
            peers = ends.map(\.peer)
            proofs = ends.map(\.proof)
        }

        func saysTheSameOfLinks(as other: AgentReport) -> Bool {
            report.version == other.version && report.probes == other.probes
                && report.securityAssociations == other.securityAssociations && report.ike == other.ike
                && report.tunnels == other.tunnels
        }

        func place(of peer: Int) -> Int? {
            var (low, high) = (0, peers.count)
            while low < high {
                let middle = low + (high - low) / 2
                if peers[middle] < peer { low = middle + 1 } else { high = middle }
            }
            return low < peers.count && peers[low] == peer ? low : nil
        }
    }

    /// Sites by the numbers that they got when they were first spoken of.
    private var sites: [SiteName] = []
    private var numbers: [SiteName: Int] = [:]
    private var heard: [Heard?] = []
    /// The other ends of each site's links that are up.
    private var up: [Set<Int>] = []
    /// Grows when anything new is known of any link.
    private var news = 0

    /// Links that are up but for the SPIs that their ends name, and since when.
    private var contradicted: [Ends: MonotonicTime] = [:]

    private struct Ends: Hashable {
        let low: Int, high: Int

        init(_ a: Int, _ b: Int) { (low, high) = (min(a, b), max(a, b)) }
    }

    public init() {}

    /// A link that came up, or is up no longer.
    public struct Turn: Sendable, Hashable {
        public let link: LinkID
        public let isUp: Bool
    }

    /// Takes a report that arrived at `now`: what it changes of its site's links, in order of their other ends.
    public mutating func take(_ report: AgentReport, now: MonotonicTime) -> [Turn] {
        let site = number(of: report.site)
        let said: Said
        if let last = heard[site], last.said.saysTheSameOfLinks(as: report) {
            if last.quietAt == news || last.isQuiet && contradicted.isEmpty && areFresh(last.said.peers, now) {
                heard[site]?.at = now
                heard[site]?.isSilent = false
                return []
            }
            said = last.said
        } else {
            news += 1
            said = read(report)
            for peer in heard[site]?.said.peers ?? [] { heard[peer]?.isQuiet = false }
            for peer in said.peers { heard[peer]?.isQuiet = false }
        }
        heard[site] = Heard(said: said, at: now)
        let turns = turns(said, of: site, now)
        if up[site].count == said.peers.count, said.proofs.indices.allSatisfy({ said.proofs[$0].isAnswered(age: .zero) }) {
            heard[site]?.quietAt = news
            heard[site]?.isQuiet = true
        }
        return turns
    }

    /// What has become of the links by the time alone.
    public struct Lapse: Sendable, Equatable {
        public var turns: [Turn] = []
        /// Gateways that have been silent for too long since the last tick: how their links are is not known any longer.
        public var silent: [SiteName] = []

        public var isEmpty: Bool { turns.isEmpty && silent.isEmpty }
    }

    /// The links of gateways that have been silent for too long are not up.
    public mutating func tick(now: MonotonicTime) -> Lapse {
        var turns: [Turn] = [], silent: [SiteName] = []
        for site in sites.indices {
            guard let last = heard[site], !last.isSilent, now.since(last.at) >= LinkStatus.reportFresh else { continue }
            heard[site]?.isSilent = true
            silent.append(sites[site])
            for peer in inOrder(Array(up[site])) { turn(site, peer, &turns) }
        }
        if !contradicted.isEmpty {
            let old = contradicted.filter { now.since($0.value) >= LinkStatus.contradictionPatience }.keys
            for ends in old.sorted(by: { ($0.low, $0.high) < ($1.low, $1.high) }) { turn(ends.low, ends.high, &turns) }
        }
        if !turns.isEmpty { news += 1 }
        return Lapse(turns: turns, silent: silent)
    }

    private func areFresh(_ sites: [Int], _ now: MonotonicTime) -> Bool {
        sites.allSatisfy { site in heard[site].map { now.since($0.at) < LinkStatus.reportFresh } ?? false }
    }

    private mutating func number(of site: SiteName) -> Int {
        if let number = numbers[site] { return number }
        numbers[site] = sites.count
        sites.append(site)
        heard.append(nil)
        up.append([])
        return sites.count - 1
    }

    private mutating func read(_ report: AgentReport) -> Said {
        var places = NamePlaces(capacity: report.tunnels.count), proofs: [LinkProof] = []
        proofs.reserveCapacity(report.tunnels.count)
        func place(of peer: SiteName) -> Int {
            if let known = places.place(of: peer) { return known }
            places.append(peer)
            proofs.append(LinkProof())
            return proofs.count - 1
        }
        for association in report.securityAssociations { proofs[place(of: association.peer)].add(association) }
        for number in report.ike.indices { _ = place(of: report.ike[number].peer) }
        for probe in report.probes { proofs[place(of: probe.peer)].add(probe) }
        for number in report.tunnels.indices {
            proofs[place(of: report.tunnels[number].tunnel.peer)].add(report.tunnels[number])
        }
        let ends = proofs.indices.map { (peer: number(of: places.names[$0]), proof: proofs[$0]) }
        return Said(report, ends.sorted { $0.peer < $1.peer })
    }

    /// What has turned of the links of a site that was just heard.
    private mutating func turns(_ said: Said, of site: Int, _ now: MonotonicTime) -> [Turn] {
        var turned: [Int] = [], known = 0
        for place in said.peers.indices {
            let peer = said.peers[place], wasUp = up[site].contains(peer)
            if wasUp { known += 1 }
            if isUp(said, place, of: site, wasUp: wasUp, now) != wasUp { turned.append(peer) }
        }
        // Some are not spoken of any longer.
        if known < up[site].count { turned += up[site].filter { said.place(of: $0) == nil } }
        var turns: [Turn] = []
        for peer in inOrder(turned) { turn(site, peer, &turns) }
        return turns
    }

    /// Whether the link in that place of what a site just said is up as both ends see it. `wasUp`: before that.
    private mutating func isUp(_ said: Said, _ place: Int, of site: Int, wasUp: Bool, _ now: MonotonicTime) -> Bool {
        let peer = said.peers[place]
        guard let other = heard[peer] else { return false }
        let age = now.since(other.at)
        guard age < LinkStatus.reportFresh, let end = other.said.place(of: site) else { return false }
        guard !said.proofs[place].isUp(age: .zero, with: other.said.proofs[end], age: age) else {
            if !contradicted.isEmpty { contradicted[Ends(site, peer)] = nil }
            return true
        }
        guard wasUp, said.proofs[place].isUp(age: .zero, with: other.said.proofs[end], age: age, comparesSPIs: false) else {
            return false
        }
        let since = contradicted[Ends(site, peer)] ?? now
        contradicted[Ends(site, peer)] = since
        return now.since(since) < LinkStatus.contradictionPatience
    }

    private func inOrder(_ peers: [Int]) -> [Int] { peers.count < 2 ? peers : peers.sorted { sites[$0] < sites[$1] } }

    /// Makes of the link what it was not.
    private mutating func turn(_ site: Int, _ peer: Int, _ turns: inout [Turn]) {
        guard let link = LinkID(sites[site], sites[peer]) else { return }
        heard[site]?.isQuiet = false
        heard[peer]?.isQuiet = false
        let isUp = up[site].insert(peer).inserted
        if isUp {
            up[peer].insert(site)
        } else {
            up[site].remove(peer)
            up[peer].remove(site)
            contradicted[Ends(site, peer)] = nil
        }
        turns.append(Turn(link: link, isUp: isUp))
    }
}
