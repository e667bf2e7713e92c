import WarrenModel

/// Which links of a mesh are asked for.
public struct LinkSelection: Sendable, Hashable {
    public enum Wellness: String, Sendable, Hashable, Codable, CaseIterable { case all, unwell, none }
    public var wellness: Wellness
    /// Only links of one of these sites; nil: of any.
    public var sites: Set<SiteName>?

    public init(_ wellness: Wellness = .all, sites: Set<SiteName>? = nil) {
        self.wellness = wellness
        self.sites = sites
    }
}

extension LinkTracker {
    /// How the links stand that are asked for, in order.
    public func statuses(_ selection: LinkSelection = LinkSelection(), now: MonotonicTime) -> [LinkStatus] {
        numbers(selection).map { status(number: $0, now: now) }
    }

    /// The same in pieces of at most `size` links, each made when it is asked for.
    public func pieces(
        _ selection: LinkSelection, size: Int = 5_000, now: MonotonicTime
    ) -> some Sequence<[LinkStatus]> & Sendable {
        LinkPieces(tracker: self, numbers: numbers(selection), size: size, now: now)
    }

    private func numbers(_ selection: LinkSelection) -> [Int] {
        guard selection.wellness != .none else { return [] }
        func isWanted(_ number: Int) -> Bool { selection.wellness == .all || !records[number].state.isWell }
        guard let sites = selection.sites else { return records.indices.filter(isWanted) }
        let places = sites.compactMap { layout.positions[$0] }
        return Set(places.flatMap { layout.neighbours[$0].map { Int($0.link) } }).filter(isWanted).sorted()
    }

    /// How one link stands; nil when the mesh has none of that name.
    public func status(of link: LinkID, now: MonotonicTime) -> LinkStatus? {
        layout.number(of: link).map { status(number: $0, now: now) }
    }

    /// How many links are in each state between the sites of which tags.
    public func groups(tags: [SiteName: [String]], isConnected: (SiteName) -> Bool) -> MeshGroups {
        MeshGroups(
            sites: layout.sites.map { SiteStatus(site: $0, connected: isConnected($0)) }, tags: tags,
            links: layout.pairs.indices.lazy.map { number in
                (Int(layout.pairs[number].first), Int(layout.pairs[number].second), records[number].state)
            })
    }

    /// How many links are in each state, how many flap, and how many of these are up.
    public var counts: (states: [LinkState: Int], flapping: Int, held: Int) {
        var states: [LinkState: Int] = [:]
        for record in records { states[record.state, default: 0] += 1 }
        return (states, flaps.values.count(where: \.isFlapping), flaps.keys.count(where: isHeld))
    }

    private func isHeld(_ number: Int) -> Bool {
        records[number].actual == .up && records[number].state == .degraded && flaps[number]?.isFlapping == true
    }

    func status(number: Int, now: MonotonicTime) -> LinkStatus {
        let record = records[number]
        var status = LinkStatus(
            link: layout.id(of: number), state: record.state, reason: told(record, number, now),
            sinceSeconds: max(0, now.since(record.since).inSeconds))
        if let history = flaps[number] {
            let count = history.count(now: now)
            status.flaps = count == 0 ? nil : count
            status.isFlapping = history.isFlapping ? true : nil
            status.isHeld = isHeld(number) ? true : nil
        }
        guard record.state != .unknown else {
            status.reason = silence(of: number, now: now)
            return status
        }
        guard layout.absences[number] == nil, let (a, b) = heardEnds(of: number, now: now) else { return status }
        if record.actual == .up || record.actual == .degraded { status.roundTripMilliseconds = LinkStatus.roundTrip(a, b) }
        let probes = [a, b].compactMap(\.end.probe)
        status.lossPercent = probes.compactMap(\.lossPercent).max()
        status.pathMTU = probes.compactMap(\.pathMTU).min()
        status.receivedBitsPerSecond = a.end.receivedBitsPerSecond
        status.sentBitsPerSecond = a.end.sentBitsPerSecond
        return status
    }

    private func silence(of number: Int, now: MonotonicTime) -> String {
        let pair = layout.pairs[number]
        return [Int(pair.first), Int(pair.second)].filter { !gateways[$0].isFresh }.map { site in
            LinkStatus.silence(
                of: layout.sites[site], connected: gateways[site].connected, age: gateways[site].heardAt.map { now.since($0) })
        }.joined(separator: "; ")
    }
}

private struct LinkPieces: Sequence, Sendable {
    let tracker: LinkTracker
    let numbers: [Int]
    let size: Int
    let now: MonotonicTime

    func makeIterator() -> AnyIterator<[LinkStatus]> {
        var rest = numbers[...]
        return AnyIterator {
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size).map { tracker.status(number: $0, now: now) }
        }
    }
}
