import Foundation
import SeededRandom
import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

/// A mesh in the midst of a roll-out: gateways, links, a controller that performs what the roll-out asks for, and time.
///
/// What must hold at every moment is checked after each event; `violations` names what did not.
struct Simulation {
    enum Happening {
        case offer(RolloutOffer)
        case applied(SiteName)
        case switched(SiteName)
        case confirm(SiteName, StateVersion)
        case trialEnds(SiteName, StateVersion)
        case goesOffline(SiteName)
        case connects(SiteName)
        case report(SiteName)
        case probe(LinkID)
        case command(RolloutCommand)
        case restart
    }

    private(set) var rollout: Rollout
    private(set) var gateways: [SiteName: SimulatedGateway]
    private(set) var violations: [String] = []
    private(set) var notes: [RolloutNote] = []
    private(set) var outcome: RolloutOutcome?
    /// Every gateway that ever ran a state with a fault.
    private(set) var harmed: Set<SiteName> = []
    private(set) var offers: [RolloutOffer] = []
    /// Gateways whose links ran as before when the last step was offered to anybody.
    private(set) var unswitched: Set<SiteName> = []
    var random: SeededNumbers
    /// Also check that the value, written and read back, goes on in the same way.
    var checksCoding = false
    private let links: [LinkID]
    private let changedLinks: Set<LinkID>
    private var up: Set<LinkID>
    private var now: UInt64 = 1_000
    private var queue: [(time: UInt64, number: Int, happening: Happening)] = []
    private var happenings = 0
    private var lastOffers: [SiteName: RolloutOffer] = [:]

    init(fleet: RolloutFleet, strategy: RolloutStrategy, offline: Set<SiteName> = [], seed: UInt64) {
        rollout = Rollout(generation: Generation(rawValue: 2), fleet: fleet, strategy: strategy)
        gateways = Dictionary(
            uniqueKeysWithValues: fleet.changes.keys.map { site in
                (site, SimulatedGateway(site: site, isConnected: !offline.contains(site)))
            })
        links = fleet.links.filter { fleet.changes[$0.first] != nil && fleet.changes[$0.second] != nil }
        changedLinks = Set(fleet.changedLinks)
        for site in gateways.keys {
            gateways[site]?.peers = fleet.links.compactMap { $0.peer(of: site) }
        }
        up = Set(links)
        random = SeededNumbers(seed: seed)
    }

    var time: MonotonicTime { MonotonicTime(nanoseconds: now * 1_000_000_000) }

    mutating func give(_ fault: SimulatedGateway.Fault, at step: TransitionStep, to sites: some Sequence<SiteName>) {
        for site in sites { gateways[site]?.faults[step] = fault }
    }

    mutating func mend(_ site: SiteName) { gateways[site]?.faults = [:] }

    mutating func schedule(_ happening: Happening, in seconds: UInt64) {
        happenings += 1
        queue.append((now + seconds, happenings, happening))
    }

    mutating func start() {
        let connected = Set(gateways.values.filter(\.isConnected).map(\.site))
        perform(rollout.start(connected: connected, up: up, now: time))
    }

    /// Lets everything happen until nothing is left to, for a day at the most.
    mutating func run() {
        let end = now + 86_400
        while now < end {
            let next = queue.indices.min { (queue[$0].time, queue[$0].number) < (queue[$1].time, queue[$1].number) }
            let tick = rollout.deadline().map { max(now, ($0.nanoseconds + 999_999_999) / 1_000_000_000) }
            guard next != nil || tick != nil else { return }
            if let tick, tick <= next.map({ queue[$0].time }) ?? tick {
                if tick == now, rollout.deadline().map({ $0 < time }) ?? false { violations.append("a deadline has passed") }
                now = tick
                let before = rollout
                tell(.tick)
                if rollout == before { violations.append("a tick at the deadline changed nothing: \(rollout.view)") }
                if !violations.isEmpty { return }
            } else if let next {
                let entry = queue.remove(at: next)
                now = max(now, entry.time)
                happen(entry.happening)
            }
        }
        violations.append("it goes on for more than a day")
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .offer(let offer):
            guard let gateway = gateways[offer.site], gateway.isConnected else { return }
            if gateways[offer.site]?.apply(offer) == true {
                schedule(.trialEnds(offer.site, offer.version), in: UInt64(offer.trialSeconds))
                schedule(.applied(offer.site), in: UInt64.random(in: 1...3, using: &random))
                schedule(.switched(offer.site), in: UInt64.random(in: 1...8, using: &random))
                probeLinks(of: offer.site)
                if gateways[offer.site]?.fault != nil { harmed.insert(offer.site) }
                disconnect(offer.site)
            } else {
                schedule(.report(offer.site), in: 1)
            }
        case .applied(let site): connect(site)
        case .switched(let site):
            guard gateways[site]?.isOnAlternative == true, gateways[site]?.fault != .withoutEffect else { return }
            gateways[site]?.isOnAlternative = false
            schedule(.report(site), in: 0)
        case .confirm(let site, let version):
            guard gateways[site]?.isConnected == true else { return }
            gateways[site]?.confirm(version)
            schedule(.report(site), in: UInt64.random(in: 0...2, using: &random))
        case .trialEnds(let site, let version):
            guard gateways[site]?.endTrial(of: version) == true else { return }
            probeLinks(of: site)
            disconnect(site)
            schedule(.connects(site), in: 1)
        case .goesOffline(let site): disconnect(site)
        case .connects(let site): connect(site)
        case .report(let site):
            guard let gateway = gateways[site], gateway.isConnected else { return }
            tell(.reported(gateway.account))
        case .probe(let link): probe(link)
        case .command(let command): tell(.command(command))
        case .restart:
            tell(.restarted)
            for site in gateways.keys.sorted() where gateways[site]?.isConnected == true {
                gateways[site]?.isConnected = false
                schedule(.connects(site), in: UInt64.random(in: 1...10, using: &random))
            }
            for link in up.sorted() { schedule(.probe(link), in: 12) }
            up = []
        }
    }

    private mutating func disconnect(_ site: SiteName) {
        guard gateways[site]?.isConnected == true else { return }
        gateways[site]?.isConnected = false
        tell(.disconnected(site))
    }

    private mutating func connect(_ site: SiteName) {
        guard let gateway = gateways[site], !gateway.isConnected, gateway.fault != .cutOff else { return }
        gateways[site]?.isConnected = true
        tell(.connected(site, version: gateway.version, isOnTrial: gateway.isOnTrial))
        schedule(.report(site), in: UInt64.random(in: 0...2, using: &random))
    }

    private mutating func probeLinks(of site: SiteName) {
        for link in links where link.contains(site) { schedule(.probe(link), in: UInt64.random(in: 1...4, using: &random)) }
    }

    private mutating func probe(_ link: LinkID) {
        guard let first = gateways[link.first], let second = gateways[link.second] else { return }
        let isUp =
            first.fault != .linksDown && second.fault != .linksDown
            && (!changedLinks.contains(link) || abs(first.step - second.step) <= 1)
        guard isUp != up.contains(link) else { return }
        if isUp { up.insert(link) } else { up.remove(link) }
        tell(.link(link, isUp: isUp))
    }

    private mutating func tell(_ event: RolloutEvent) {
        let before = rollout
        let actions = rollout.handle(event, now: time)
        if checksCoding {
            do {
                var copy = try JSONDecoder().decode(Rollout.self, from: JSONEncoder().encode(before))
                if copy != before { violations.append("\(event): what is read back is not what was written") }
                if copy.handle(event, now: time) != actions || copy != rollout {
                    violations.append("\(event): what is read back goes on in another way")
                }
            } catch {
                violations.append("\(event): \(error)")
            }
        }
        if case .finished = before.state, rollout.state != before.state { violations.append("the end was not the end") }
        perform(actions)
    }

    private mutating func perform(_ actions: [RolloutAction]) {
        for action in actions {
            switch action {
            case .offer(let offer):
                check(offer)
                offers.append(offer)
                lastOffers[offer.site] = offer
                schedule(.offer(offer), in: UInt64.random(in: 0...2, using: &random))
            case .confirm(let site, let version): schedule(.confirm(site, version), in: 0)
            case .note(let note): notes.append(note)
            case .finished(let outcome):
                if self.outcome != nil { violations.append("it ended twice") }
                self.outcome = outcome
            }
        }
        checkLinks()
    }

    /// What may be offered.
    private mutating func check(_ offer: RolloutOffer) {
        let last = lastOffers[offer.site]
        if offer.step == .contract { unswitched.formUnion(gateways.values.filter(\.isOnAlternative).map(\.site)) }
        if let last, offer != last, offer.version <= last.version {
            violations.append("\(offer.site) is offered \(offer.version) after \(last.version)")
        }
        if let last, offer.step < last.step { violations.append("\(offer.site) is led back to \(offer.step)") }
        if rollout.fleet.changes[offer.site]?.contains(offer.step) != true {
            violations.append("\(offer.site) takes no part in \(offer.step)")
        }
        switch rollout.state {
        case .running, .finished(.completed): break
        case .paused, .halted, .finished:
            if offer != last { violations.append("\(offer.site) is offered something new while the state is \(rollout.state)") }
        }
    }

    /// The ends of a changed link are never more than one step apart, nor offered to be, but for gateways left behind.
    private mutating func checkLinks() {
        for link in changedLinks where rollout.leftBehind.isDisjoint(with: link.sites) {
            guard let first = gateways[link.first], let second = gateways[link.second] else { continue }
            for (here, there) in [(first, second), (second, first)] {
                let offered = max(here.step, lastOffers[here.site]?.step.number ?? 0)
                if offered - there.step > 1 { violations.append("\(here.site) is led two steps before \(there.site)") }
            }
        }
    }
}
