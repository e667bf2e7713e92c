import WarrenModel
import WarrenPlan

/// What an event changes in the state of gateways and links.
extension Rollout {
    /// Whether anything changed that may let the roll-out go on.
    mutating func take(_ event: RolloutEvent, _ now: MonotonicTime, _ actions: inout [RolloutAction]) -> Bool {
        switch event {
        case .tick: return true
        case .link(let link, let isUp):
            guard let place = fleet.place(of: link) else { return false }
            return isUp ? linkCameUp(place) : linkWentDown(place)
        case .disconnected(let site):
            return connected.remove(site) != nil
        case .connected(let site, let version, let isOnTrial):
            guard sites[site] != nil else { return false }
            connected.remove(site)
            greet(site, running: version, isOnTrial: isOnTrial, now, &actions)
            return true
        case .reported(let account):
            let isLast = heard(account.site), isFirst = meet(account, now, &actions)
            return read(account, now, &actions) || isLast || isFirst
        case .restarted:
            regather(now)
            return true
        case .command(let command): return obey(command, now, &actions)
        }
    }

    /// Whether the account of a gateway that runs `version`, as the roll-out knows it, may change anything.
    func isNews(_ account: GatewayAccount, running version: StateVersion) -> Bool {
        if let regathering, regathering.sites.contains(account.site) { return true }
        guard let progress = sites[account.site] else { return false }
        guard connected.contains(account.site) else { return true }
        guard let offer = progress.offer else { return false }
        return progress.state != .settled || version != offer.version || account.isOnTrial || account.failure != nil
            || progress.failure != nil || progress.onAlternative != account.onAlternative
    }

    /// A new stream: the one that a state on trial is confirmed on.
    private mutating func greet(
        _ site: SiteName, running version: StateVersion, isOnTrial: Bool, _ now: MonotonicTime,
        _ actions: inout [RolloutAction]
    ) {
        guard let progress = sites[site] else { return }
        if let offer = progress.offer, version == offer.version {
            guard isOnTrial else {
                settle(site, now)
                return
            }
            guard mayConfirm else { return }
            if progress.isTakingUp { set(site, .confirmed, now) }
            actions.append(.confirm(site, version))
        }
    }

    /// The first report on a stream: the chance to offer what the gateway has missed. Now its links are known, so that those which are
    /// up are waited for. Whether it is the first.
    private mutating func meet(_ account: GatewayAccount, _ now: MonotonicTime, _ actions: inout [RolloutAction]) -> Bool {
        let site = account.site
        guard let progress = sites[site], !connected.contains(site) else { return false }
        connected.insert(site)
        if awaitsOffer(site) {
            guard mayOffer else { return true }
            if progress.state == .late { actions.append(.note(RolloutNote(.siteReturned, site: site, "\(site) is back"))) }
            offer(site, now, &actions)
        } else if let offer = progress.offer, account.version < offer.version, progress.isTakingUp, mayConfirm {
            // What was offered may have been lost on the way.
            actions.append(.offer(offer))
        } else {
            return true
        }
        if let last = steps.indices.last {
            for place in up.filter({ fleet.links[$0].contains(site) }) { steps[last].baseline.insert(place) }
        }
        return true
    }

    private mutating func linkCameUp(_ link: Int) -> Bool {
        guard up.insert(link) else { return false }
        let isLast = heard(link)
        guard let last = steps.indices.last else { return isLast }
        return steps[last].missing.remove(link) && steps[last].sitesDoneSince != nil || isLast
    }

    private mutating func linkWentDown(_ link: Int) -> Bool {
        guard up.remove(link), let last = steps.indices.last, steps[last].baseline.contains(link) else { return false }
        steps[last].missing.insert(link)
        return steps[last].sitesDoneSince != nil
    }

    private mutating func read(_ account: GatewayAccount, _ now: MonotonicTime, _ actions: inout [RolloutAction]) -> Bool {
        let site = account.site
        guard let progress = sites[site], let offer = progress.offer else { return false }
        let before = progress
        if progress.failure != account.failure { sites[site]?.failure = account.failure }
        // It runs nothing of this roll-out any longer: somebody on it went back further than it does by itself, or it is another.
        if progress.settledStep != nil, account.version < StateVersion(epoch: epoch, generation: generation) {
            sites[site]?.settledStep = nil
        }
        if account.rejected == offer.version, account.version != offer.version {
            guard !progress.hasRefused else { return false }
            sites[site]?.hasRefused = true
            // That it runs what it ran before is no failure of a later step, which it was not offered.
            guard progress.isTakingUp || progress.state == .settled else { return false }
            fail(site, account.failure ?? "it went back to \(account.version) by itself", now, &actions)
        } else if account.version == offer.version {
            if progress.onAlternative != account.onAlternative { sites[site]?.onAlternative = account.onAlternative }
            if account.isOnTrial {
                if progress.state == .offered { set(site, .onTrial, now) }
            } else if account.failure == nil {
                settle(site, now)
            } else if progress.state == .settled {
                // Not well any longer: it has the time of a wave to become so again.
                set(site, .confirmed, now)
            }
        } else if account.version < offer.version, progress.state == .settled {
            sites[site]?.hasRefused = true
            fail(site, "it went back to \(account.version)", now, &actions)
        }
        return sites[site] != before
    }

    /// A gateway runs its state for good. One that has failed stays so until it is tried again.
    private mutating func settle(_ site: SiteName, _ now: MonotonicTime) {
        guard let progress = sites[site], progress.isTakingUp else { return }
        sites[site]?.settledStep = progress.offer?.step
        set(site, .settled, now)
    }

    mutating func set(_ site: SiteName, _ state: SiteState, _ now: MonotonicTime) {
        guard sites[site]?.state != state else { return }
        sites[site]?.state = state
        sites[site]?.since = now
    }

    mutating func fail(_ site: SiteName, _ reason: String, _ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        set(site, .failed(reason: reason), now)
        if fleet.leaving.contains(site) { leftBehind.insert(site) }
        actions.append(.note(RolloutNote(.siteFailed, site: site, "\(site) failed: \(reason)")))
    }

    /// Offers the gateway the state that it shall run by now, under the newest version.
    mutating func offer(_ site: SiteName, _ now: MonotonicTime, _ actions: inout [RolloutAction]) {
        guard let step = dueStep(of: site) else { return }
        let offer = RolloutOffer(
            site: site, step: step, version: StateVersion(epoch: epoch, generation: generation, revision: revision),
            trialSeconds: strategy.confirmTimeoutSeconds)
        sites[site]?.offer = offer
        sites[site]?.hasRefused = false
        sites[site]?.isToBeRepeated = false
        sites[site]?.failure = nil
        sites[site]?.onAlternative = nil
        sites[site]?.state = .offered
        sites[site]?.since = now
        actions.append(.offer(offer))
    }

    /// Whether a state may be offered now: not while the roll-out is paused or halted, nor after it was broken off.
    var mayOffer: Bool { state == .running || state == .finished(.completed) }

    /// What is on trial when the roll-out is broken off goes back by itself.
    private var mayConfirm: Bool {
        switch state {
        case .running, .paused, .halted, .finished(.completed): true
        case .finished: false
        }
    }

    /// Pauses and restarts are no fault of any gateway.
    mutating func restartTimers(_ now: MonotonicTime) {
        for site in sites.keys { sites[site]?.since = now }
        guard !steps.isEmpty else { return }
        let last = steps.count - 1
        steps[last].waveStarted = now
        steps[last].quietSince = nil
        if steps[last].sitesDoneSince != nil { steps[last].sitesDoneSince = now }
        if steps[last].barrierSince != nil { steps[last].barrierSince = now }
    }
}
