import WarrenModel

// What comes in, and what becomes of a trial: confirmed, over, failed, ended by an operator, or found at boot.
extension AgentState {
    mutating func receive(_ desired: DesiredState, trial allowance: Duration?, now: MonotonicTime) -> [Action] {
        let version = desired.version
        if desired == trial?.desired || trial == nil && desired == target {
            refusal = nil
            return [.report]
        }
        if let rejection, version == rejection.version {
            return [.refuse("generation \(version) is not applied again: \(rejection.reason)"), .report]
        }
        let floor = max(target?.version ?? .none, trial?.version ?? .none, rejection?.version ?? .none)
        guard version >= floor else {
            return refuse("generation \(version) is older than \(floor), which this gateway has", version)
        }
        let faults = desired.faults(for: site)
        guard faults.isEmpty else {
            return refuse("generation \(version) cannot be used: \(faults.joined(separator: "; "))", version)
        }
        refusal = nil
        if let allowance, allowance > .zero {
            let new = Trial(desired, allowance: allowance, now: now)
            trial = new
            return [.stage(new)]
        }
        let isTrialOver = trial != nil
        trial = nil
        return (isTrialOver ? [.discardTrial] : []) + aim(at: desired, isTrial: false, now: now)
    }

    mutating func staged(_ version: StateVersion, now: MonotonicTime) -> [Action] {
        guard let trial, trial.version == version, trial.phase == .staging else { return [] }
        self.trial?.phase = .applying
        return aim(at: trial.desired, isTrial: true, now: now)
    }

    mutating func stagingFailed(_ version: StateVersion, _ reason: String, now: MonotonicTime) -> [Action] {
        guard let trial, trial.version == version, trial.phase == .staging else { return [] }
        self.trial = nil
        // The trial before this one ended when this one came: what it left must not stay.
        let back = isTargetOnTrial ? [.discardTrial] + aimBack() : []
        return back + refuse("generation \(version) was not tried, for it cannot be written down first: \(reason)", version)
            + start(now)
    }

    mutating func confirm(_ version: StateVersion, on stream: StreamID, now: MonotonicTime) -> [Action] {
        guard let trial, trial.version == version, trial.accepts(stream) else { return [] }
        guard !trial.isOver(now: now) else { return expire(now: now) }
        self.trial = nil
        return keep(trial.desired) + [.discardTrial, .report]
    }

    mutating func expire(now: MonotonicTime) -> [Action] {
        guard let trial, trial.isOver(now: now) else { return [] }
        return goBack("generation \(trial.version) was not confirmed within \(trial.allowance.wholeSeconds) s", now: now)
    }

    /// Ends the trial: the gateway is brought back to the last good state, or to nothing when there was none.
    mutating func goBack(_ reason: String, isByOperator: Bool = false, now: MonotonicTime) -> [Action] {
        guard let trial else { return [] }
        return goBack(from: trial.desired, reason, isByOperator: isByOperator) + start(now) + [.report]
    }

    private mutating func goBack(from desired: DesiredState?, _ reason: String, isByOperator: Bool = false) -> [Action] {
        trial = nil
        refusal = nil
        let destination = good.map { "\($0.version)" } ?? "running nothing"
        let new = Rejection(
            version: desired?.version ?? .none, reason: "\(reason): went back to \(destination)", isByOperator: isByOperator)
        rejection = new
        return [.remember(new), .discardTrial] + aimBack(mesh: desired?.mesh)
    }

    /// Goes back one step, when an operator on the gateway asks: from a trial or from a state that is not yet applied to the
    /// last good state, and from that to the one of the generation before.
    mutating func rollBack(now: MonotonicTime) -> [Action] {
        if trial != nil {
            return goBack("an operator on the gateway ended the trial of generation \(running)", isByOperator: true, now: now)
        }
        guard let good, let target else { return [.refuse("there is no earlier state to go back to")] }
        if target != good, !target.isWithdrawn {
            return goBack(from: target, "an operator on the gateway gave up generation \(running)", isByOperator: true)
                + start(now) + [.report]
        }
        guard let previous else { return [.refuse("no state before generation \(good.version) is kept to go back to")] }
        let new = Rejection(
            version: good.version,
            reason: "an operator on the gateway gave up generation \(good.version): went back to \(previous.version)",
            isByOperator: true)
        return [.remember(new)] + finishRollBack(to: previous, new) + start(now) + [.report]
    }

    private var running: StateVersion { trial?.version ?? target?.version ?? .none }

    private mutating func finishRollBack(to previous: DesiredState, _ new: Rejection) -> [Action] {
        rejection = new
        refusal = nil
        good = previous
        self.previous = nil
        return [.store(previous, previous: .isForgotten)] + aimBack()
    }

    /// What was found on disk: the last good state, a trial that goes on or is over, a rollback that did not end.
    mutating func restore(_ memory: AgentMemory, now: MonotonicTime) -> [Action] {
        guard target == nil, trial == nil else { return [] }
        var actions: [Action] = []
        func usable(_ desired: DesiredState?) -> DesiredState? { desired.flatMap { $0.faults(for: site).isEmpty ? $0 : nil } }
        good = usable(memory.good)
        previous = usable(memory.previous)
        rejection = memory.rejection
        var isGoodLost = memory.goodFault != nil
        if let given = memory.good, good == nil {
            isGoodLost = true
            let faults = given.faults(for: site).joined(separator: "; ")
            actions += refuse("the last good state cannot be used: \(faults)", nil)
        }
        if isGoodLost, memory.trial != .none { good = previous }
        if let good, good.version.epoch == previous?.version.epoch, good.generation == previous?.generation { previous = nil }
        if let rejection, rejection.isByOperator, rejection.version == good?.version, let previous {
            actions += finishRollBack(to: previous, rejection)
        }
        switch memory.trial {
        // Confirmed, and ended before its file was gone.
        case .running(let trial) where trial.desired == good: actions.append(.discardTrial)
        case .over(let desired?, _) where desired == good: actions.append(.discardTrial)
        // Given up, and likewise.
        case .running(let trial) where trial.version == rejection?.version:
            noteKeys(of: trial.desired)
            actions.append(.discardTrial)
        case .running(let trial) where usable(trial.desired) == nil:
            actions += goBack(from: trial.desired, "generation \(trial.version) cannot be used")
        case .running(let trial):
            self.trial = trial
            noteKeys(of: trial.desired)
            if trial.isOver(now: now) { return actions + expire(now: now) }
            return actions + aim(at: trial.desired, isTrial: true, now: now)
        case .over(let desired, let reason):
            let name = desired.map { "generation \($0.version)" } ?? "a generation on trial"
            noteKeys(of: desired)
            return actions + goBack(from: desired, "\(name) \(reason)") + start(now) + [.report]
        case .none: break
        }
        if let good {
            target = good
        } else if rejection != nil, !isGoodLost {
            target = .withdrawn(site, mesh: "")
        }
        isUrgent = target != nil
        return actions + start(now)
    }

    /// Of the keys of the last good state, those may not be set that a state on trial has in another content; all, when that
    /// state cannot be read.
    private mutating func noteKeys(of desired: DesiredState?) {
        guard let good else { return }
        uncertainKeys.formUnion(
            good.keys.filter { reference, key in
                guard let desired else { return true }
                return desired.keys[reference].map { $0 != key } ?? false
            }.keys)
    }

    private mutating func aim(at desired: DesiredState, isTrial: Bool, now: MonotonicTime) -> [Action] {
        target = desired
        isTargetOnTrial = isTrial
        isReturning = false
        fault = nil
        isUrgent = true
        backoff.reset()
        return start(now)
    }

    /// The last good state is the target again, whatever runs now.
    private mutating func aimBack(mesh: String? = nil) -> [Action] {
        target = good ?? .withdrawn(site, mesh: mesh ?? target?.mesh ?? "")
        isTargetOnTrial = false
        isReturning = true
        fault = nil
        isUrgent = true
        backoff.reset()
        return reconciling == nil ? [] : [.abandon]
    }

    private mutating func refuse(_ reason: String, _ version: StateVersion?) -> [Action] {
        refusal = (reason, version ?? .none)
        return [.refuse(reason), .report]
    }
}
