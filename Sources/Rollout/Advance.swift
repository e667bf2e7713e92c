import WarrenModel
import WarrenPlan

/// How a roll-out goes on by itself.
extension Rollout {
    /// Begins whatever may begin by now.
    mutating func advance(_ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        while isRunning, isGathered(now) {
            guard let step = steps.last else {
                beginStep(after: nil, now, &actions)
                continue
            }
            guard step.wave < step.waves.count else {
                guard passesBarrier(now, &actions) else { return }
                beginStep(after: step.step, now, &actions)
                continue
            }
            expire(now, &actions)
            let failed = failedSites
            if failed.count > strategy.maxFailures.of(sites.count) {
                stop("\(failed.count) failed: " + names(failed), &actions)
                return
            }
            guard isRunning, passesGate(now, &actions) else { return }
            // A gate that made gateways fail counts them first.
            guard steps[steps.count - 1].quietSince != nil else { continue }
            actions.append(.note(RolloutNote(.waveDone, "\(step.step.word), \(waveName(step)) done")))
            steps[steps.count - 1].wave += 1
            beginWave(now, &actions)
        }
    }

    private mutating func beginStep(after last: TransitionStep?, _ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        guard let step = nextStep(after: last) else {
            finish(.completed, &actions)
            return
        }
        revision += 1
        let (waves, hasCanary) = waves(of: step)
        steps.append(StepProgress(step: step, waves: waves, hasCanary: hasCanary))
        let total = waves.reduce(0) { $0 + $1.count }
        actions.append(.note(RolloutNote(.stepStarted, "\(step.word): \(total) gateways in \(waves.count) waves")))
        for site in waves.joined() { set(site, .pending, now) }
        for site in leftBehind.sorted() where sites[site]?.state == .settled && fleet.changes[site]?.contains(step) == true {
            sites[site]?.state = connected.contains(site) ? .pending : .late
        }
        beginWave(now, &actions)
    }

    /// The next step that touches any gateway.
    func nextStep(after last: TransitionStep?) -> TransitionStep? {
        TransitionStep.allCases.first { $0.number > last?.number ?? 0 && !fleet.sites(in: $0).isEmpty }
    }

    private mutating func beginWave(_ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        let last = steps.count - 1
        steps[last].sitesDoneSince = nil
        steps[last].quietSince = nil
        steps[last].missing = LinkSet()
        guard steps[last].wave < steps[last].waves.count else { return }
        steps[last].waveStarted = now
        let wave = steps[last].waves[steps[last].wave]
        let members = Set(wave)
        steps[last].baseline = LinkSet(
            up.filter { place in
                let link = fleet.links[place]
                return members.contains(link.first) || members.contains(link.second)
            })
        actions.append(
            .note(RolloutNote(.waveStarted, "\(steps[last].step.word), \(waveName(steps[last])): \(names(wave))")))
        for site in wave where !leftBehind.contains(site) {
            sites[site]?.since = now
            if connected.contains(site) { offer(site, now, &actions) }
        }
        for site in leftBehind.sorted() where awaitsOffer(site) { offer(site, now, &actions) }
    }

    /// What took too long.
    private mutating func expire(_ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        // Mostly nothing has, and then there is no need to go through the wave: whoever was done when it began, and is not any
        // longer, is so since later.
        let least = min(waveTimeout, .seconds(Int64(strategy.lateAfterSeconds)))
        guard let step = steps.last, now.since(step.waveStarted) >= least else { return }
        guard sites.values.contains(where: { !$0.isDone && now.since($0.since) >= least }) else { return }
        for site in waveSites {
            guard let progress = sites[site] else { continue }
            let waited = now.since(progress.since)
            switch progress.state {
            case .pending where waited >= .seconds(Int64(strategy.lateAfterSeconds)):
                set(site, .late, now)
                if fleet.leaving.contains(site) { leftBehind.insert(site) }
                actions.append(
                    .note(RolloutNote(.siteLate, site: site, "\(site) is offline; it gets its state when it is back")))
            case .offered where waited >= waveTimeout, .onTrial where waited >= waveTimeout,
                .confirmed where waited >= waveTimeout:
                fail(site, progress.failure ?? timeoutReason(site), now, &actions)
            default: break
            }
        }
    }

    private func timeoutReason(_ site: SiteName) -> String {
        connected.contains(site)
            ? "it did not run its state within \(strategy.waveTimeoutSeconds) s"
            : "it did not come back within \(strategy.waveTimeoutSeconds) s"
    }

    mutating func stop(_ reason: String, _ actions: inout [RolloutAction]) {
        switch strategy.onFailure {
        case .halt: halt(reason, &actions)
        case .rollBack: finish(.rolledBack(reason: reason), &actions)
        }
    }

    var waveTimeout: Duration { .seconds(Int64(strategy.waveTimeoutSeconds)) }

    /// Those that failed and are not given up.
    var failedSites: [SiteName] {
        names { $0.hasFailed }
    }

    /// Of those that are not given up, in order.
    func names(where isIncluded: (SiteProgress) -> Bool) -> [SiteName] {
        var names: [SiteName] = []
        for (site, progress) in sites where isIncluded(progress) && !leftBehind.contains(site) { names.append(site) }
        return names.count < 2 ? names : names.sorted()
    }

    /// Of the step under way, those that have had their turn and are waited for.
    var waveSites: [SiteName] {
        guard let step = steps.last else { return [] }
        let sites = step.wave == 0 && !step.waves.isEmpty ? step.waves[0] : Array(step.waves.prefix(step.wave + 1).joined())
        return leftBehind.isEmpty ? sites : sites.filter { !leftBehind.contains($0) }
    }

    func waveName(_ step: StepProgress) -> String { step.name(of: step.wave) }

    /// A few names, and how many more there are.
    func names(_ sites: some Collection<SiteName>) -> String {
        let shown = sites.prefix(8).map(\.description).joined(separator: ", ")
        return sites.count > 8 ? "\(shown) and \(sites.count - 8) more" : shown
    }
}

extension StepProgress {
    func name(of wave: Int) -> String { hasCanary ? wave == 0 ? "canary" : "wave \(wave)" : "wave \(wave + 1)" }
}
