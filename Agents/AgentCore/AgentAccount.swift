import WarrenModel

// What an agent tells of itself.
extension AgentState {
    /// What the gateway runs; `.none` when that is nothing, or not known yet.
    public var version: StateVersion { applied?.version ?? .none }

    /// What it runs was not confirmed, and will not stay unless it is.
    public var isOnTrial: Bool { applied.map { !$0.isWithdrawn && $0 != good } ?? false }

    /// A change is asked for and not yet made.
    public var isChanging: Bool {
        trial?.phase == .staging || target != nil && (reconciling != nil || target != applied || fault != nil)
    }

    /// The newest state that the gateway was given and does not run; nil when there is none, or it is not known which.
    public var rejected: StateVersion? {
        let version = max(refusal?.version ?? .none, standingRejection?.version ?? .none)
        return version == .none ? nil : version
    }

    /// Why the gateway does not run what it was given, or what it runs is at fault; nil when all is as it shall be.
    public var failure: String? {
        if refusal == nil, rejection == nil { return fault }
        let reasons = [refusal?.reason, standingRejection?.reason, fault].compactMap { $0 }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    /// The state that it went back from, while nothing newer is under way.
    public var standingRejection: Rejection? {
        guard let rejection, trial == nil, target == nil || target == good || target?.isWithdrawn == true else { return nil }
        return rejection
    }

    /// When a `tick` is due at the latest; nil when only another event can change anything.
    public func deadline() -> MonotonicTime? {
        var first = trial?.deadline
        func consider(_ time: MonotonicTime?) {
            if let time, first.map({ time < $0 }) ?? true { first = time }
        }
        consider(unkept?.dueAt)
        consider(repairs.map { $0.at + Self.memoryOfRepairs })
        if reconciling == nil, target != nil, isUrgent || !(isSettled && driftPolicy == .report) {
            consider(isUrgent ? MonotonicTime(nanoseconds: 0) : dueAt ?? MonotonicTime(nanoseconds: 0))
        }
        return first
    }

    /// Drift that was repaired a moment ago, in sentences.
    public var recentRepairs: [String] { repairs?.sentences ?? [] }
}
