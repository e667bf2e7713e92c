import WarrenModel
import WarrenPlan

/// What an agent knows and what it does next: events in, actions out. The runtime performs the actions one at a time, in
/// order; what is written to disk is durable before the next is begun.
public struct AgentState: Sendable {
    public enum Event: Sendable {
        /// What was found on disk at boot.
        case restored(AgentMemory)
        /// A whole desired state from the controller; with `trial`, the gateway goes back from it unless it is confirmed.
        case received(DesiredState, trial: Duration?)
        /// A trial is on disk.
        case staged(StateVersion)
        /// What an action was to write to disk or to remove from there, `stage` apart, is not as the action wants it.
        case notKept(Action)
        /// A trial could not be written to disk.
        case stagingFailed(StateVersion, String)
        /// A connection to the controller is about to be opened.
        case streamOpened(StreamID)
        /// The controller said on this stream that the state of a trial may stay.
        case confirmed(StateVersion, StreamID)
        /// Somebody on the gateway wants the state before this one.
        case rollBack
        /// The data plane lost what it ran, for instance since its daemon died.
        case dataPlaneFailed(String)
        /// Time passed.
        case tick
        /// The reconciliation that was asked for ended: its desired state is what the gateway runs. `found`: the
        /// differences that it began with.
        case reconciled(DesiredState, found: [String])
        /// The reconciliation that was asked for ended in a fault; `fraction` (0…1, random) jitters the next try.
        case reconciliationFailed(DesiredState, String, fraction: Double)
    }

    public enum Action: Sendable, Equatable {
        /// Write the trial to disk, durably, and tell by `staged`.
        case stage(Trial)
        /// Forget the trial on disk.
        case discardTrial
        /// Write this to disk, durably; nil: forget what is there.
        case remember(Rejection?)
        /// Keep this as the last good state.
        case store(DesiredState, previous: Previous)
        /// Bring the gateway to this state; set the peers in `changedKeys` even when they look right.
        case reconcile(DesiredState, changedKeys: Set<SiteName>)
        /// End the reconciliation that runs; it is told of like any other.
        case abandon
        /// Open a new connection to the controller in place of the one there is.
        case reconnect
        /// Tell the operator why a desired state was not taken.
        case refuse(String)
        /// Tell the operator that the gateway was changed by hand, and that it is as it shall be again.
        case repaired([String])
        /// Tell the controller how things are, now.
        case report
    }

    /// What becomes of the good state of an earlier generation when a new last good state is stored.
    public enum Previous: Sendable, Equatable { case stays, isTheLastGoodState, isForgotten }

    struct Reconciling: Sendable, Equatable {
        let desired: DesiredState
        /// It runs on trial: that it is applied does not make it good.
        let isTrial: Bool
        /// It looks whether the gateway still is what it was brought to.
        let isInspection: Bool
    }

    public let site: SiteName
    /// Time between two looks for drift.
    public let interval: Duration
    public let driftPolicy: DriftPolicy
    /// How long repaired drift is reported.
    public static let memoryOfRepairs: Duration = .seconds(5)

    /// What the gateway shall run; nil until anything says.
    public internal(set) var target: DesiredState?
    /// What the gateway was last brought to.
    public internal(set) var applied: DesiredState?
    /// What the gateway goes back to.
    public internal(set) var good: DesiredState?
    /// The last good state of an earlier generation: what somebody on the gateway can go back to.
    public internal(set) var previous: DesiredState?
    public internal(set) var trial: Trial?

    var rejection: Rejection?
    var refusal: (reason: String, version: StateVersion)?
    var fault: String?
    var reconciling: Reconciling?
    /// That the target is applied does not make it good.
    var isTargetOnTrial = false
    /// It is on its way back from a state that was not to stay.
    var isReturning = false
    /// A reconciliation may have left the gateway between two states.
    var isHalfway = false
    var isUrgent = false
    var dueAt: MonotonicTime?
    var backoff = Backoff()
    /// Keys that the gateway may have in another content than that of `applied`, since a reconciliation did not end.
    var uncertainKeys: Set<PSKReference> = []
    var repairs: (sentences: [String], at: MonotonicTime)?
    /// What is still to be written to disk, and when it is tried again.
    var unkept: (actions: [Action], dueAt: MonotonicTime)?

    public init(site: SiteName, interval: Duration = .seconds(5), driftPolicy: DriftPolicy = .repair) {
        self.site = site
        self.interval = interval
        self.driftPolicy = driftPolicy
    }

    public mutating func handle(_ event: Event, now: MonotonicTime) -> [Action] {
        switch event {
        case .restored(let memory): return restore(memory, now: now)
        case .received(let desired, let trial): return receive(desired, trial: trial, now: now)
        case .staged(let version): return staged(version, now: now)
        case .notKept(let action):
            unkept = ((unkept?.actions ?? []) + [action], now + Self.storageRetry)
            return [.report]
        case .stagingFailed(let version, let reason): return stagingFailed(version, reason, now: now)
        case .streamOpened(let stream):
            trial?.opened(stream)
            return []
        case .confirmed(let version, let stream): return confirm(version, on: stream, now: now)
        case .rollBack: return rollBack(now: now)
        case .dataPlaneFailed(let reason):
            fault = reason
            isUrgent = true
            return start(now) + [.report]
        case .tick:
            if let repairs, now.since(repairs.at) >= Self.memoryOfRepairs { self.repairs = nil }
            return expire(now: now) + keepUnkept(now: now) + start(now)
        case .reconciled(let desired, let found): return reconciled(desired, found: found, now: now)
        case .reconciliationFailed(let desired, let reason, let fraction):
            reconciling = nil
            if let trial, trial.desired == desired {
                return goBack("generation \(trial.version) could not be applied (\(reason))", now: now)
            }
            if target == desired { fault = reason }
            dueAt = now + backoff.next(fraction: fraction)
            return [.report] + start(now)
        }
    }

    private mutating func reconciled(_ desired: DesiredState, found: [String], now: MonotonicTime) -> [Action] {
        let ended = reconciling
        reconciling = nil
        isHalfway = false
        uncertainKeys = []
        let isNews = applied != desired || fault != nil
        applied = desired
        if target == desired { fault = nil }
        backoff.reset()
        dueAt = now + interval
        var actions: [Action] = []
        if let ended, ended.isInspection, !found.isEmpty {
            repairs = (found, now)
            actions += [.repaired(found), .report]
        }
        if trial?.desired == desired {
            if trial?.phase == .applying {
                trial?.phase = .waiting(since: nil)
                actions.append(.reconnect)
            }
        } else if ended?.isTrial == false, !desired.isWithdrawn, good != desired {
            actions += keep(desired)
        }
        // What was gone back from may have led the connection astray.
        if isReturning, trial == nil, target == desired {
            isReturning = false
            actions.append(.reconnect)
        }
        if isNews { actions.append(.report) }
        return actions + start(now)
    }

    /// Makes `desired` the last good state.
    mutating func keep(_ desired: DesiredState) -> [Action] {
        var fate = Previous.stays
        if let good, (good.version.epoch, good.generation) != (desired.version.epoch, desired.generation) {
            fate = .isTheLastGoodState
            previous = good
        }
        good = desired
        var actions = [Action.store(desired, previous: fate)]
        if rejection != nil {
            rejection = nil
            actions.append(.remember(nil))
        }
        return actions
    }

    /// A reconciliation when one is due and none runs.
    mutating func start(_ now: MonotonicTime) -> [Action] {
        guard reconciling == nil, let target else { return [] }
        let isDue = target != applied && dueAt == nil || dueAt.map { $0 <= now } ?? true
        guard isUrgent || isDue && !(isSettled && driftPolicy == .report) else { return [] }
        isUrgent = false
        reconciling = Reconciling(desired: target, isTrial: isTargetOnTrial, isInspection: isSettled)
        isHalfway = !isSettled
        let changed = changedKeys(in: target)
        guard !changed.isEmpty else { return [.reconcile(target, changedKeys: [])] }
        let peers = target.plan.ike.lazy
            .filter { peer in changed.contains(peer.key) || peer.alternatives.contains { changed.contains($0.key) } }
            .map(\.peer)
        uncertainKeys.formUnion(changed)
        return [.reconcile(target, changedKeys: Set(peers))]
    }

    /// The gateway is as it shall be, as far as is known.
    var isSettled: Bool { target == applied && fault == nil && !isHalfway }

    /// Keys that may be others than those that the gateway runs under the same references: with nothing applied yet and no
    /// last good state, that is each.
    private func changedKeys(in desired: DesiredState) -> Set<PSKReference> {
        let known = (applied ?? good)?.keys ?? [:]
        if known == desired.keys { return uncertainKeys }
        var changed = uncertainKeys
        for peer in desired.plan.ike {
            for reference in peer.acceptedKeys where known[reference] != desired.keys[reference] { changed.insert(reference) }
        }
        return changed
    }
}

/// What an agent does when somebody has changed the gateway by hand.
public enum DriftPolicy: String, Sendable, Hashable, CaseIterable {
    /// It brings the gateway back to its desired state, and reports what was repaired.
    case repair
    /// It reports the difference, and touches nothing until it is given a state or the data plane fails.
    case report
}
