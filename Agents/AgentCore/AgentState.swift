import WarrenModel
import WarrenPlan

/// What an agent knows and what it does next: events in, actions out. The runtime performs the actions one at a time.
public struct AgentState: Sendable {
    public enum Event: Sendable {
        /// The last good state, read from disk at boot.
        case restored(DesiredState)
        /// A whole desired state from the controller.
        case received(DesiredState)
        /// The data plane lost what it ran, for instance since its daemon died.
        case dataPlaneFailed(String)
        /// Time passed.
        case tick
        /// The reconciliation that was asked for ended: its desired state is what the gateway runs.
        case reconciled(DesiredState)
        /// The reconciliation that was asked for ended in a fault; `fraction` (0…1, random) jitters the next try.
        case reconciliationFailed(DesiredState, String, fraction: Double)
    }

    public enum Action: Sendable, Equatable {
        /// Bring the gateway to this state; set the peers in `changedKeys` even when they look right.
        case reconcile(DesiredState, changedKeys: Set<SiteName>)
        /// Keep this as the last good state.
        case store(DesiredState)
        /// Tell the operator why a desired state was not taken.
        case refuse(String)
        /// Tell the controller how things are, now.
        case report
    }

    public let site: SiteName
    /// Time between two looks for drift.
    public let interval: Duration
    /// What the gateway shall run; nil until anything says.
    public private(set) var target: DesiredState?
    /// What the gateway was last brought to.
    public private(set) var applied: DesiredState?
    /// Why the last desired state was refused or could not be applied; nil when it was.
    public var failure: String? { refusal ?? fault }

    private var refusal: String?
    private var fault: String?
    private var stored: DesiredState?
    private var isReconciling = false
    private var isUrgent = false
    private var dueAt: MonotonicTime?
    private var backoff = Backoff()

    public init(site: SiteName, interval: Duration = .seconds(5)) {
        self.site = site
        self.interval = interval
    }

    /// The generation that the gateway runs.
    public var appliedGeneration: Generation { applied?.generation ?? .none }

    /// A change is asked for and not yet made.
    public var isChanging: Bool { target != nil && (isReconciling || target != applied || fault != nil) }

    public mutating func handle(_ event: Event, now: MonotonicTime) -> [Action] {
        switch event {
        case .restored(let desired):
            guard target == nil else { return [] }
            let faults = desired.faults(for: site)
            guard faults.isEmpty else { return refuse("the last good state cannot be used: \(faults.joined(separator: "; "))") }
            target = desired
            stored = desired
            isUrgent = true
            return start(now)
        case .received(let desired):
            return receive(desired, now: now)
        case .dataPlaneFailed(let reason):
            fault = reason
            isUrgent = true
            return start(now) + [.report]
        case .tick:
            return start(now)
        case .reconciled(let desired):
            isReconciling = false
            let isNews = applied != desired || fault != nil
            applied = desired
            if target == desired { fault = nil }
            backoff.reset()
            dueAt = now + interval
            var actions: [Action] = []
            if stored != desired {
                stored = desired
                actions.append(.store(desired))
            }
            if isNews { actions.append(.report) }
            return actions + start(now)
        case .reconciliationFailed(let desired, let reason, let fraction):
            isReconciling = false
            if target == desired { fault = reason }
            dueAt = now + backoff.next(fraction: fraction)
            return [.report] + start(now)
        }
    }

    private mutating func receive(_ desired: DesiredState, now: MonotonicTime) -> [Action] {
        let floor = max(appliedGeneration, target?.generation ?? .none)
        guard desired.generation >= floor else {
            return refuse("generation \(desired.generation) is older than \(floor), which this gateway has")
        }
        let faults = desired.faults(for: site)
        guard faults.isEmpty else {
            return refuse("generation \(desired.generation) cannot be used: \(faults.joined(separator: "; "))")
        }
        refusal = nil
        guard desired != target else { return [.report] }
        target = desired
        fault = nil
        isUrgent = true
        backoff.reset()
        return start(now)
    }

    private mutating func refuse(_ reason: String) -> [Action] {
        refusal = reason
        return [.refuse(reason), .report]
    }

    /// A reconciliation when one is due and none runs.
    private mutating func start(_ now: MonotonicTime) -> [Action] {
        guard !isReconciling, let target, isUrgent || target != applied && dueAt == nil || dueAt.map({ $0 <= now }) ?? true
        else { return [] }
        isReconciling = true
        isUrgent = false
        return [.reconcile(target, changedKeys: peersWithChangedKeys(in: target))]
    }

    /// Peers whose key may be another than the one that the gateway runs under the same reference: with nothing applied
    /// yet and no last good state, that is each.
    private func peersWithChangedKeys(in desired: DesiredState) -> Set<SiteName> {
        let known = applied ?? stored
        return Set(desired.plan.ike.filter { known?.keys[$0.key] != desired.keys[$0.key] }.map(\.peer))
    }
}
