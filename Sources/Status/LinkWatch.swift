import WarrenModel

/// Which links are up, kept report by report: a report costs as much as its gateway has peers, whatever the mesh's size.
public struct LinkWatch: Sendable {
    /// What one site's agent said last.
    private struct Heard: Sendable {
        let said: Said
        var at: MonotonicTime
        /// When each of its links was up by its own probes: how much was new by then.
        var quietAt: Int?
    }

    /// What a report says of the site's links, with the other ends by their numbers, ascending.
    private final class Said: Sendable {
        let report: AgentReport
        let ends: [(peer: Int, proof: LinkProof)]

        init(_ report: AgentReport, _ ends: [(peer: Int, proof: LinkProof)]) {
            self.report = report
            self.ends = ends
        }

        func proof(towards peer: Int) -> LinkProof? {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = low + (high - low) / 2
                if ends[middle].peer < peer { low = middle + 1 } else { high = middle }
            }
            return low < ends.count && ends[low].peer == peer ? ends[low].proof : nil
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
        if let last = heard[site], last.said.report.saysTheSameOfLinks(as: report) {
            if last.quietAt == news {
                heard[site]?.at = now
                return []
            }
            said = last.said
        } else {
            news += 1
            said = read(report)
        }
        heard[site] = Heard(said: said, at: now)
        let turns = turns(said, of: site, now)
        if up[site].count == said.ends.count, said.ends.allSatisfy({ $0.proof.isAnswered(age: .zero) }) {
            heard[site]?.quietAt = news
        }
        return turns
    }

    /// The links of gateways that have been silent for too long are not up; nor are those of a gateway that is forgotten.
    public mutating func tick(forgetting gone: Set<SiteName> = [], now: MonotonicTime) -> [Turn] {
        for site in gone { numbers[site].map { heard[$0] = nil } }
        var turns: [Turn] = []
        for site in sites.indices where !up[site].isEmpty {
            if let at = heard[site]?.at, now.since(at) < LinkStatus.reportFresh { continue }
            for peer in inOrder(Array(up[site])) { turn(site, peer, &turns) }
        }
        if !contradicted.isEmpty {
            let old = contradicted.filter { now.since($0.value) >= LinkStatus.contradictionPatience }.keys
            for ends in old.sorted(by: { ($0.low, $0.high) < ($1.low, $1.high) }) { turn(ends.low, ends.high, &turns) }
        }
        if !turns.isEmpty { news += 1 }
        return turns
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
        var ends: [LinkEnd] = [], places: [SiteName: Int] = [:]
        ends.reserveCapacity(report.tunnels.count)
        places.reserveCapacity(report.tunnels.count)
        report.forEachEnd { peer, change in
            let place: Int
            if let known = places[peer] {
                place = known
            } else {
                place = ends.count
                places[peer] = place
                ends.append(LinkEnd())
            }
            change(&ends[place])
        }
        let proofs = places.map { (peer: number(of: $0.key), proof: LinkProof(ends[$0.value])) }
        return Said(report, proofs.sorted { $0.peer < $1.peer })
    }

    /// What has turned of the links of a site that was just heard.
    private mutating func turns(_ said: Said, of site: Int, _ now: MonotonicTime) -> [Turn] {
        var turned: [Int] = [], known = 0
        for (peer, proof) in said.ends {
            let wasUp = up[site].contains(peer)
            if wasUp { known += 1 }
            if isUp(proof, of: site, to: peer, wasUp: wasUp, now) != wasUp { turned.append(peer) }
        }
        // Some are not spoken of any longer.
        if known < up[site].count { turned += up[site].filter { said.proof(towards: $0) == nil } }
        var turns: [Turn] = []
        for peer in inOrder(turned) { turn(site, peer, &turns) }
        return turns
    }

    /// Whether the link is up as both ends see it, of which one was just heard. `wasUp`: before that.
    private mutating func isUp(_ own: LinkProof, of site: Int, to peer: Int, wasUp: Bool, _ now: MonotonicTime) -> Bool {
        guard let other = heard[peer] else { return false }
        let age = now.since(other.at)
        guard age < LinkStatus.reportFresh, let end = other.said.proof(towards: site) else { return false }
        guard !own.isUp(age: .zero, with: end, age: age) else {
            if !contradicted.isEmpty { contradicted[Ends(site, peer)] = nil }
            return true
        }
        guard wasUp, own.isUp(age: .zero, with: end, age: age, comparesSPIs: false) else { return false }
        let since = contradicted[Ends(site, peer)] ?? now
        contradicted[Ends(site, peer)] = since
        return now.since(since) < LinkStatus.contradictionPatience
    }

    private func inOrder(_ peers: [Int]) -> [Int] { peers.sorted { sites[$0] < sites[$1] } }

    /// Makes of the link what it was not.
    private mutating func turn(_ site: Int, _ peer: Int, _ turns: inout [Turn]) {
        guard let link = LinkID(sites[site], sites[peer]) else { return }
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

extension AgentReport {
    fileprivate func saysTheSameOfLinks(as other: AgentReport) -> Bool {
        version == other.version && probes == other.probes && securityAssociations == other.securityAssociations
            && ike == other.ike && tunnels == other.tunnels
    }
}
