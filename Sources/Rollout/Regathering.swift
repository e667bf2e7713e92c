import WarrenModel

/// After the controller started anew: who is to be heard before anything new begins, lest a wave be made of the few that were
/// quickest, or of links that are up and not known to be.
struct Regathering: Sendable, Equatable, Codable {
    /// Then it goes on whoever is missing.
    var until: MonotonicTime
    /// Gateways that have not reported yet.
    var sites: Set<SiteName>
    /// Links that were up, to gateways that the roll-out does not touch: they are not known to be up yet.
    var links: LinkSet

    var isOver: Bool { sites.isEmpty && links.isEmpty }
}

extension Rollout {
    /// Nobody is connected, and nothing is known of any link.
    mutating func regather(_ now: MonotonicTime) {
        let present = sites.filter { site, progress in
            guard !leftBehind.contains(site) else { return false }
            return connected.contains(site) || progress.isTakingUp || progress.state == .settled
        }
        // A link between two of them is known once both have reported.
        let links = up.filter { place in fleet.links[place].sites.contains { sites[$0] == nil } }
        regathering = Regathering(
            until: now + .seconds(Int64(strategy.lateAfterSeconds)), sites: Set(present.keys), links: LinkSet(links))
        connected = []
        up = LinkSet()
        if let last = steps.indices.last { steps[last].missing = steps[last].baseline }
        restartTimers(now)
    }

    /// Before it begins: those of `silent` that are gateways of it, or share a link with one, are heard first, as long after the restart
    /// as a gateway may be away. Once that time is over, nobody is.
    mutating func gather(_ silent: Set<SiteName>, since restart: MonotonicTime, now: MonotonicTime) {
        let until = restart + .seconds(Int64(strategy.lateAfterSeconds))
        guard now < until else { return }
        let concerned = silent.filter { sites[$0] != nil }.union(fleet.links.flatMap(\.sites).filter(silent.contains))
        regathering = Regathering(until: until, sites: concerned, links: LinkSet())
    }

    /// Whether that lets the roll-out go on.
    mutating func heard(_ site: SiteName) -> Bool {
        guard regathering?.sites.remove(site) != nil else { return false }
        return regathering?.isOver ?? false
    }

    mutating func heard(_ link: Int) -> Bool {
        guard regathering?.links.remove(link) == true else { return false }
        return regathering?.isOver ?? false
    }

    /// Whether something new may begin.
    mutating func isGathered(_ now: MonotonicTime) -> Bool {
        guard let waiting = regathering else { return true }
        guard waiting.isOver || now >= waiting.until else { return false }
        regathering = nil
        return true
    }
}
