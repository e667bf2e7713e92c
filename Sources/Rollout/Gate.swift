import WarrenModel
import WarrenPlan

/// What must be before the next wave, and before the next step.
extension Rollout {
    /// Whether the wave under way is done: then it has been quiet. Also true when gateways were given up or failed, and the
    /// gate is to be looked at anew.
    mutating func passesGate(_ now: MonotonicTime, _ actions: inout [RolloutAction]) -> Bool {
        let last = steps.count - 1
        let members = waveSites
        guard members.allSatisfy({ sites[$0]?.isDone ?? true }) else {
            steps[last].sitesDoneSince = nil
            steps[last].quietSince = nil
            return false
        }
        if steps[last].sitesDoneSince == nil { steps[last].sitesDoneSince = now }
        let late = lateSites
        if late.count > strategy.maxLate.of(sites.count) {
            steps[last].quietSince = nil
            guard now.since(steps[last].waveStarted) >= waveTimeout else { return false }
            giveUp(on: late, "offline when their turn came", &actions)
            return isRunning
        }
        let isMissing = steps[last].missing.contains { isWaitedFor(fleet.links[$0]) }
        guard !isMissing, haveSwitched(members) else {
            steps[last].quietSince = nil
            guard now >= linkDeadline else { return false }
            let missing = steps[last].missing.filter { isWaitedFor(fleet.links[$0]) }
            failEnds(of: missing.map { fleet.links[$0] }, now, &actions)
            failUnswitched(members, now, &actions)
            return true
        }
        let quietSince = steps[last].quietSince ?? now
        steps[last].quietSince = quietSince
        return now.since(quietSince) >= .seconds(Int64(strategy.settleSeconds))
            || members.allSatisfy { sites[$0]?.state == .late }
    }

    /// Whether the links of these gateways run as the step `switchOver` prefers it, as far as they were up before: a link that
    /// only carries on as before would be cut by the next step. Of other steps nothing is asked.
    private func haveSwitched(_ members: [SiteName]) -> Bool {
        steps.last?.step != .switchOver || members.allSatisfy { unswitched(of: $0).isEmpty && hasSpoken($0) }
    }

    private func hasSpoken(_ site: SiteName) -> Bool { sites[site]?.state != .settled || sites[site]?.onAlternative != nil }

    private func unswitched(of site: SiteName) -> [LinkID] {
        guard let step = steps.last, let progress = sites[site], progress.state == .settled else { return [] }
        return (progress.onAlternative ?? []).filter(hasSwitched).compactMap { LinkID(site, $0) }.filter { link in
            fleet.isChanged(link) && isWaitedFor(link) && (fleet.place(of: link).map(step.baseline.contains) ?? false)
        }
    }

    /// An end that still asks for the old way brings the link back to it when its daemon starts anew, and asks for the new one
    /// when its turn comes.
    private func hasSwitched(_ site: SiteName) -> Bool {
        guard fleet.changes[site]?.contains(.switchOver) == true else { return true }
        return (sites[site]?.settledStep?.number ?? 0) >= TransitionStep.switchOver.number
    }

    private mutating func failUnswitched(_ members: [SiteName], _ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        guard steps.last?.step == .switchOver else { return }
        let reasons = members.compactMap { site -> (SiteName, String)? in
            if let link = unswitched(of: site).first { return (site, "link \(link) still runs as before the switch") }
            return hasSpoken(site) ? nil : (site, "it does not say whether its links have switched")
        }
        for (site, reason) in reasons where sites[site]?.hasFailed == false { fail(site, reason, now, &actions) }
    }

    /// Whether both ends of a link came along: a gateway that did not may well be without links.
    private func isWaitedFor(_ link: LinkID) -> Bool {
        link.sites.allSatisfy { site in
            guard let progress = sites[site] else { return true }
            return !progress.hasFailed && progress.state != .late && !leftBehind.contains(site)
        }
    }

    var linkDeadline: MonotonicTime {
        guard let step = steps.last else { return MonotonicTime(nanoseconds: 0) }
        let done = (step.sitesDoneSince ?? step.waveStarted) + .seconds(Int64(strategy.confirmTimeoutSeconds))
        return max(step.waveStarted + waveTimeout, done)
    }

    private mutating func failEnds(of links: [LinkID], _ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        let members = Set(waveSites)
        for link in links {
            for site in link.sites where members.contains(site) && sites[site]?.hasFailed == false {
                fail(site, "link \(link) did not come up again", now, &actions)
            }
        }
    }

    var lateSites: [SiteName] {
        names { $0.state == .late }
    }

    /// Whether the next step would cut nobody's links.
    mutating func passesBarrier(_ now: MonotonicTime, _ actions: inout [RolloutAction]) -> Bool {
        let last = steps.count - 1
        let blocking = blockingSites
        guard !blocking.isEmpty else {
            steps[last].barrierSince = nil
            return true
        }
        if steps[last].barrierSince == nil {
            steps[last].barrierSince = now
            actions.append(.note(RolloutNote(.waiting, "the next step waits for \(names(blocking))")))
        }
        let waited = now.since(steps[last].barrierSince ?? now)
        // Who failed will not come by itself.
        let isHopeless = blocking.allSatisfy { sites[$0]?.hasFailed == true }
        if isHopeless || waited >= waveTimeout {
            for site in blocking where sites[site]?.isDone == false {
                fail(site, sites[site]?.failure ?? "it did not run its state in time", now, &actions)
            }
            giveUp(on: blocking, "behind, and the next step would cut their links", &actions)
            return isRunning
        }
        return false
    }

    /// Gateways that did not take a step so far, and whose links the next step could cut.
    var blockingSites: [SiteName] {
        guard let step = steps.last, let next = nextStep(after: step.step) else { return [] }
        let behind = Set(
            sites.lazy.filter { site, progress in
                progress.state != .settled && !leftBehind.contains(site) && dueStep(of: site) != nil
            }.map(\.key))
        guard !behind.isEmpty else { return [] }
        let moving = Set(fleet.sites(in: next))
        var blocking = behind.intersection(moving)
        for link in fleet.changedLinks {
            if behind.contains(link.first), moving.contains(link.second) { blocking.insert(link.first) }
            if behind.contains(link.second), moving.contains(link.first) { blocking.insert(link.second) }
        }
        return blocking.sorted()
    }

    private mutating func giveUp(on sites: [SiteName], _ reason: String, _ actions: inout [RolloutAction]) {
        if strategy.leavesBehind {
            leftBehind.formUnion(sites)
            actions.append(.note(RolloutNote(.resumed, "goes on without \(names(sites)): \(reason)")))
        } else {
            halt("\(names(sites)): \(reason)", &actions)
        }
    }
}
