import WarrenModel

/// How often one link came up or went.
struct FlapHistory: Sendable {
    /// A link that changed so often within this time flaps, until it has not changed for `calm`.
    static let limit = 6
    static let window: Duration = .seconds(180)
    static let calm: Duration = .seconds(60)
    /// While it flaps, it is told as gone only when it has been for so long.
    static let patience: Duration = .seconds(30)
    /// Changes are counted for so long, and no more than `most` of them.
    static let memory: Duration = .seconds(3600)
    static let most = 120

    /// Oldest first.
    private var changes: [MonotonicTime] = []
    private(set) var isFlapping = false

    mutating func add(at now: MonotonicTime) {
        changes.removeAll { now.since($0) >= Self.memory }
        if changes.count == Self.most { changes.removeFirst() }
        changes.append(now)
        if changes.count(where: { now.since($0) < Self.window }) >= Self.limit { isFlapping = true }
    }

    /// True when that ended the flapping.
    mutating func settle(now: MonotonicTime) -> Bool {
        guard isFlapping, changes.last.map({ now.since($0) >= Self.calm }) ?? true else { return false }
        isFlapping = false
        return true
    }

    func count(now: MonotonicTime) -> Int { changes.count { now.since($0) < Self.memory } }
}
