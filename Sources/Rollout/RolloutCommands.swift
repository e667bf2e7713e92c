import WarrenModel
import WarrenPlan

/// What operators ask for.
extension Rollout {
    /// Commands that do not fit the state change nothing.
    mutating func obey(_ command: RolloutCommand, _ now: MonotonicTime, _ actions: inout [RolloutAction]) -> Bool {
        guard !isFinished else { return false }
        switch command {
        case .pause:
            guard isRunning else { return false }
            state = .paused
            actions.append(.note(RolloutNote(.paused, "paused by an operator")))
        case .resume(let without):
            resume(without: without, now, &actions)
        case .abort: finish(.aborted, &actions)
        case .rollBack: finish(.rolledBack(reason: "an operator asked for it"), &actions)
        }
        return true
    }

    private mutating func resume(without: Set<SiteName>, _ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        leftBehind.formUnion(without.filter { sites[$0] != nil })
        let isStill = !isRunning
        state = .running
        let names = without.sorted().map(\.description).joined(separator: ", ")
        actions.append(.note(RolloutNote(.resumed, "resumed by an operator" + (names.isEmpty ? "" : " without \(names)"))))
        guard isStill else { return }
        restartTimers(now)
        let failed = sites.keys.filter { sites[$0]?.hasFailed == true && !leftBehind.contains($0) }.sorted()
        if !failed.isEmpty { revision += 1 }
        for site in failed {
            sites[site]?.state = .pending
            sites[site]?.isToBeRepeated = true
        }
        for site in sites.keys.sorted() where awaitsOffer(site) { offer(site, now, &actions) }
    }

    /// It is connected, its turn has come, and it was not offered yet what it shall run by now.
    func awaitsOffer(_ site: SiteName) -> Bool {
        guard connected.contains(site), let progress = sites[site], progress.state == .pending || progress.state == .late,
            let due = dueStep(of: site)
        else { return false }
        return progress.isToBeRepeated || progress.offer.map { $0.step < due } ?? true
    }

    mutating func finish(_ outcome: RolloutOutcome, _ actions: inout [RolloutAction]) {
        state = .finished(outcome)
        let text =
            switch outcome {
            case .completed: "completed"
            case .aborted: "aborted by an operator"
            case .rolledBack(let reason): "to be rolled back: \(reason)"
            }
        actions.append(.note(RolloutNote(.finished, text)))
        actions.append(.finished(outcome))
    }

    mutating func halt(_ reason: String, _ actions: inout [RolloutAction]) {
        state = .halted(reason: reason)
        actions.append(.note(RolloutNote(.halted, reason)))
    }
}
