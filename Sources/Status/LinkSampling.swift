import WarrenModel

extension LinkTracker {
    /// How at most `limit` links stand, for their history: all of a mesh that is no larger. Of a larger one first those that are
    /// not well or came and went within the hour, then those that somebody asked for, then the first in order. Links that nothing
    /// was ever heard of, and those that shall not be, have no history.
    public func samples(limit: Int, preferring asked: Set<LinkID> = [], now: MonotonicTime) -> [LinkStatus] {
        let isHeard = gateways.map { $0.heardAt != nil }
        func hasHistory(_ number: Int) -> Bool {
            let pair = layout.pairs[number]
            return layout.absences[number] == nil && (isHeard[Int(pair.first)] || isHeard[Int(pair.second)])
        }
        guard records.count > limit else {
            return records.indices.filter(hasHistory).map { status(number: $0, now: now) }
        }
        var chosen: Set<Int> = []
        func choose(_ numbers: some Sequence<Int>) {
            for number in numbers where chosen.count < limit && hasHistory(number) { chosen.insert(number) }
        }
        choose(records.indices.lazy.filter { !records[$0].state.isWell && records[$0].state != .unknown || flaps[$0] != nil })
        choose(asked.lazy.compactMap(layout.number))
        choose(records.indices)
        return chosen.sorted().map { status(number: $0, now: now) }
    }
}

extension LinkState {
    /// How bad it is, from 0, for the worst of several; these numbers are kept on disk.
    public var severity: Int {
        switch self {
        case .up: 0
        case .drained: 1
        case .waiting: 2
        case .unknown: 3
        case .connecting: 4
        case .degraded: 5
        case .down: 6
        }
    }

    /// Nil for a number that stands for none.
    public init?(severity: Int) {
        guard let state = Self.allCases.first(where: { $0.severity == severity }) else { return nil }
        self = state
    }
}
