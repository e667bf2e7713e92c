import WarrenModel

/// The state of every link of a mesh, kept report by report: a report costs as much as its gateway has links, whatever the
/// mesh's size, and a look at the mesh derives nothing anew.
///
/// A link that changed often within three minutes flaps: until it has been calm for a minute it is told as degraded when it is up,
/// and as what it is only after half a minute. That a report is missing is no change of a link.
public struct LinkTracker: Sendable {
    /// What is known of one site.
    struct Gateway: Sendable {
        var connected = false
        var heardAt: MonotonicTime?
        /// That was within the last seconds.
        var isFresh = false
        var version = StateVersion.none
        /// By place among the site's neighbours; empty before the first report.
        var ends: [LinkEnd?] = []
    }

    /// What is known of one link.
    struct Record: Sendable {
        /// As its ends say.
        var actual = LinkState.unknown
        /// As it is told.
        var state = LinkState.unknown
        var since: MonotonicTime
        var actualSince: MonotonicTime
        /// That it was told last in a turn.
        var told: LinkState?
        var reason: String?
        /// Whether it was up when both ends were last heard; nil before it ever was.
        var wasUp: Bool?
        /// It was there before anything was heard: that it is up is nothing new.
        var isInherited = false
        /// While it is up but for the SPIs that its ends name.
        var contradictedSince: MonotonicTime?
    }

    public private(set) var layout = LinkLayout.empty
    var gateways: [Gateway] = []
    var records: [Record] = []
    var flaps: [Int: FlapHistory] = [:]
    /// Links that time alone may change.
    private var restless: Set<Int> = []
    private var changed: Set<Int> = []
    /// More changed than are worth telling one by one.
    private var isOverwhelmed = false
    static let mostChanges = 5_000
    /// A link that is not up and never was is told of after so long.
    static let newcomerPatience: Duration = .seconds(30)

    public init() {}

    /// Follows the links of another mesh from now on; what is known of those that stay is kept.
    ///
    /// - Parameter isInherited: its links were there before this tracker was: only what is wrong with them is a turn.
    public mutating func adopt(_ layout: LinkLayout, isInherited: Bool = false, now: MonotonicTime) {
        let old = self
        self.layout = layout
        gateways = layout.sites.enumerated().map { site, name in
            guard let former = old.layout.positions[name] else { return Gateway() }
            var gateway = old.gateways[former]
            guard !gateway.ends.isEmpty else { return gateway }
            gateway.ends = layout.neighbours[site].map { neighbour in
                let peer = layout.sites[Int(neighbour.site)]
                return old.layout.positions[peer].flatMap { old.layout.place(of: $0, besides: former) }
                    .flatMap { old.gateways[former].ends[$0] }
            }
            return gateway
        }
        let isSame = old.layout.sites == layout.sites && old.layout.pairs.count == layout.pairs.count
        (flaps, restless, changed, isOverwhelmed) = ([:], [], [], false)
        var kept = 0, differing: Set<Int> = []
        records = layout.pairs.indices.map { number in
            var record = Record(since: now, actualSince: now, isInherited: isInherited)
            let former =
                isSame && old.layout.isPair(number, sameAs: layout) ? number : old.layout.number(of: layout.id(of: number))
            if let former {
                kept += 1
                record = old.records[former]
                if let history = old.flaps[former] { flaps[number] = history }
                if old.restless.contains(former) { restless.insert(number) }
            }
            if let absence = layout.absences[number] {
                if record.state != absence.state { record.since = now }
                (record.state, record.actual, record.reason) = (absence.state, absence.state, absence.reason)
                (record.told, record.wasUp) = (nil, nil)
            } else if record.state == .drained || record.state == .waiting {
                (record.state, record.actual, record.reason, record.since) = (.unknown, .unknown, nil, now)
            }
            let before = former.map { old.records[$0] }
            if before?.state != record.state || before?.reason != record.reason { differing.insert(number) }
            return record
        }
        // That a link is gone cannot be told of it.
        isOverwhelmed = kept < old.records.count || !old.layout.sites.allSatisfy { layout.positions[$0] != nil }
        isOverwhelmed = isOverwhelmed || differing.count > Self.mostChanges
        if !isOverwhelmed { changed = differing }
    }

    /// An agent's stream was opened or closed.
    public mutating func setConnected(_ site: SiteName, _ isConnected: Bool) {
        layout.positions[site].map { gateways[$0].connected = isConnected }
    }

    /// Takes a report that arrived at `now`: what it changes of its site's links.
    public mutating func take(_ report: AgentReport, now: MonotonicTime) -> [LinkTurn] {
        guard let site = layout.positions[report.site] else { return [] }
        let neighbours = layout.neighbours[site]
        var ends = [LinkEnd?](repeating: nil, count: neighbours.count)
        report.forEachEnd { peer, change in
            guard let peer = layout.positions[peer], let place = layout.place(of: peer, besides: site) else { return }
            var end = ends[place] ?? LinkEnd()
            ends[place] = nil
            change(&end)
            ends[place] = end
        }
        let last = gateways[site]
        let seconds = last.heardAt.map { now.since($0).inSeconds } ?? 0
        var visible: [Bool] = []
        visible.reserveCapacity(ends.count)
        for place in ends.indices {
            let before = last.ends.isEmpty ? nil : last.ends[place]
            ends[place]?.compare(with: before, seconds: seconds)
            visible.append(ends[place]?.differsVisibly(from: before) ?? (before != nil))
        }
        gateways[site] = Gateway(
            connected: last.connected, heardAt: now, isFresh: true, version: report.version, ends: ends)
        var turns: [LinkTurn] = []
        for (place, neighbour) in neighbours.enumerated() {
            if visible[place] { note(Int(neighbour.link)) }
            judge(Int(neighbour.link), now: now, &turns)
        }
        return turns
    }

    /// Gateways that have been silent for too long tell nothing of their links; links that flapped may be calm.
    public mutating func tick(now: MonotonicTime) -> [LinkTurn] {
        var turns: [LinkTurn] = []
        for site in gateways.indices where gateways[site].isFresh {
            guard let heard = gateways[site].heardAt, now.since(heard) >= LinkStatus.reportFresh else { continue }
            gateways[site].isFresh = false
            for neighbour in layout.neighbours[site] { judge(Int(neighbour.link), now: now, &turns) }
        }
        for number in restless.sorted() { judge(number, now: now, &turns) }
        return turns
    }

    /// The links whose status a person would see otherwise than at the last call; nil when they are too many to name.
    public mutating func takeChanges(now: MonotonicTime) -> [LinkStatus]? {
        defer { (changed, isOverwhelmed) = ([], false) }
        return isOverwhelmed ? nil : changed.sorted().map { status(number: $0, now: now) }
    }

    private mutating func note(_ number: Int) {
        guard !isOverwhelmed else { return }
        changed.insert(number)
        guard changed.count > Self.mostChanges else { return }
        (changed, isOverwhelmed) = ([], true)
    }

    // MARK: One link

    private mutating func judge(_ number: Int, now: MonotonicTime, _ turns: inout [LinkTurn]) {
        guard layout.absences[number] == nil else { return }
        var record = records[number], turn: LinkTurn.Kind?
        let (actual, reason) = verdict(on: number, &record, now: now)
        if record.actual != actual { (record.actual, record.actualSince) = (actual, now) }
        if actual != .unknown {
            let isUp = actual == .up
            if let wasUp = record.wasUp, wasUp != isUp {
                let wasFlapping = flaps[number]?.isFlapping ?? false
                flaps[number, default: FlapHistory()].add(at: now)
                if !wasFlapping, flaps[number]?.isFlapping == true { turn = .flapping }
            }
            // That it comes up for the first time is no change.
            if isUp || record.wasUp != nil { record.wasUp = isUp }
        }
        if flaps[number]?.settle(now: now) == true { turn = .steady }
        let isFlapping = flaps[number]?.isFlapping ?? false
        let isHeld = isFlapping && actual != .unknown && (actual == .up || now.since(record.actualSince) < FlapHistory.patience)
        let state = isHeld ? .degraded : actual
        let isChanged = record.state != state || (record.reason != reason && !isHeld)
        if record.state != state { (record.state, record.since) = (state, now) }
        record.reason = reason
        if record.isInherited, record.told == nil, state == .up { record.told = .up }
        if turn == nil, !isHeld { turn = self.turn(of: record, now: now) }
        if let turn {
            if turn != .flapping { record.told = state }
            turns.append(LinkTurn(link: layout.id(of: number), kind: turn, reason: told(record, number, now)))
        }
        // Flapping and patience end, and a newcomer is told of, without a report.
        let isRestless = isFlapping || (record.told == nil && state != .unknown) || record.contradictedSince != nil
        if isRestless { restless.insert(number) } else { restless.remove(number) }
        records[number] = record
        if isChanged || turn != nil { note(number) }
    }

    /// What is to be told of the state, if anything: never the same twice, nor that a link which never was up is not.
    private func turn(of record: Record, now: MonotonicTime) -> LinkTurn.Kind? {
        let kind = LinkTurn.Kind(record.state), told = record.told.flatMap(LinkTurn.Kind.init)
        guard let kind, kind != told else { return nil }
        if told == nil, kind != .up, now.since(record.since) < Self.newcomerPatience { return nil }
        return kind
    }

    /// What both ends say, but that a link which is up may be contradicted in SPIs for a moment.
    private func verdict(on number: Int, _ record: inout Record, now: MonotonicTime) -> (LinkState, String?) {
        let since = record.contradictedSince ?? now
        record.contradictedSince = nil
        guard let (a, b) = heardEnds(of: number, now: now) else { return (.unknown, nil) }
        let verdict = LinkStatus.judge(a, b)
        guard verdict.0 == .degraded, record.actual == .up, now.since(since) < LinkStatus.contradictionPatience else {
            return verdict
        }
        let patient = LinkStatus.judge(a, b, comparesSPIs: false)
        guard patient.0 == .up else { return verdict }
        record.contradictedSince = since
        return patient
    }

    /// Both ends, when both were heard lately.
    func heardEnds(of number: Int, now: MonotonicTime) -> (HeardEnd, HeardEnd)? {
        let pair = layout.pairs[number], first = Int(pair.first), second = Int(pair.second)
        guard gateways[first].isFresh, gateways[second].isFresh,
            let a = heardEnd(at: first, towards: second, now), let b = heardEnd(at: second, towards: first, now)
        else { return nil }
        return (a, b)
    }

    private func heardEnd(at site: Int, towards peer: Int, _ now: MonotonicTime) -> HeardEnd? {
        guard let heard = gateways[site].heardAt, let place = layout.place(of: peer, besides: site) else { return nil }
        let ends = gateways[site].ends
        return HeardEnd(
            site: layout.sites[site], end: (ends.isEmpty ? nil : ends[place]) ?? LinkEnd(), age: now.since(heard),
            version: gateways[site].version)
    }

    /// The reason as it is told.
    func told(_ record: Record, _ number: Int, _ now: MonotonicTime) -> String? {
        guard let history = flaps[number], history.isFlapping else { return record.reason }
        let count = history.count(now: now)
        return "came and went \(count) times within the hour; now \(record.actual.rawValue)"
            + (record.reason.map { ": \($0)" } ?? "")
    }
}

extension LinkLayout {
    /// Whether the pair of this number is one of the same places in both, which have the same sites.
    func isPair(_ number: Int, sameAs other: LinkLayout) -> Bool {
        pairs[number].first == other.pairs[number].first && pairs[number].second == other.pairs[number].second
    }
}
