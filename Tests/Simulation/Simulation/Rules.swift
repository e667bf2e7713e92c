import AgentCore
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout

/// What must hold at every moment. The first thing that does not is kept until it is taken.
struct Rules {
    private var broken: String?
    /// What each gateway was offered last, in all its life.
    private var offers: [SiteName: DesiredState] = [:]
    /// Networks that must never be reached past the tunnels, by gateway: what it ran protects them, and what it is led to does.
    private var protected: [SiteName: Set<IPPrefix>] = [:]
    private var good: [SiteName: DesiredState] = [:]
    /// Of bad generations: who ran it, and how many may.
    private var harmed: [Generation: (sites: Set<SiteName>, limit: Int?)] = [:]
    /// Until when what happens to links of a site needs no excuse.
    private var excusedUntil: [SiteName: UInt64] = [:]
    private var strategies: [Generation: RolloutStrategy] = [:]
    private var meddled: Set<Generation> = []
    private(set) var longestOutage: UInt64 = 0

    mutating func takeBroken() -> String? {
        defer { broken = nil }
        return broken
    }

    private mutating func broke(_ text: @autoclosure () -> String) { if broken == nil { broken = text() } }

    // MARK: Versions and keys

    /// Versions that one gateway is offered grow; under one version there is one state; it holds the gateway's own keys.
    mutating func offered(_ desired: DesiredState, to gateway: Gateway) {
        let site = gateway.site
        if let last = offers[site] {
            if desired.version < last.version { broke("\(site) is offered \(desired.version) after \(last.version)") }
            if desired.version == last.version {
                // The same once more is as good as it was.
                guard desired != last else { return }
                broke("\(site) is offered two states under the version \(desired.version)")
            }
        }
        if desired.version > offers[site]?.version ?? .none { offers[site] = desired }
        for reference in desired.keys.keys where !reference.link.contains(site) {
            broke("\(site) is sent the key of \(reference.link)")
        }
        checkNeeds(of: desired, site)
        let faults = desired.faults(for: site)
        if let fault = faults.first { broke("\(site) is offered a state that it must refuse: \(fault)") }
    }

    /// A gateway is sent no key but those that its plan speaks of.
    private mutating func checkNeeds(of desired: DesiredState, _ site: SiteName) {
        let plan = desired.plan
        // As many as the plan has, each once, and all of those: then there is no other.
        let areDistinct = zip(plan.keys, plan.keys.dropFirst()).allSatisfy {
            $0.reference.link < $1.reference.link
                || $0.reference.link == $1.reference.link && $0.reference.epoch < $1.reference.epoch
        }
        if areDistinct, desired.keys.count == plan.keys.count, plan.keys.allSatisfy({ desired.keys[$0.reference] != nil }) {
            return
        }
        var needed = Set(plan.keys.lazy.map(\.reference))
        for peer in plan.ike { needed.formUnion(peer.acceptedKeys) }
        for reference in desired.keys.keys where !needed.contains(reference) {
            broke("\(site) is sent a key that it does not need: \(reference)")
        }
    }

    /// What is good for ever never falls within an epoch.
    mutating func became(_ version: StateVersion, on gateway: Gateway) {
        if version < gateway.goodVersion { broke("\(gateway.site) fell from \(gateway.goodVersion) to \(version)") }
        gateway.goodVersion = version
    }

    // MARK: Packets

    mutating func began(_ desired: DesiredState, _ gateway: Gateway, _ simulation: Simulation) {
        let site = gateway.site
        excuse(changesOf: desired, on: gateway, simulation)
        // Both before and after: never in between reached another way.
        let new = foreign(desired)
        if let old = protected[site], old != new { protected[site] = old.intersection(new) }
        // What is refused harms when it comes to that; and who keeps no link has none to lose, so nothing shows there.
        let generation = desired.version.generation
        let isSpared = desired.plan.tunnels.isEmpty && simulation.isHarmed(gateway, by: generation, .linksDown)
        if !isSpared, !simulation.isHarmed(gateway, by: generation, .refused) {
            countHarm(generation, gateway, simulation)
        }
    }

    mutating func ended(_ desired: DesiredState, _ gateway: Gateway, isDone: Bool, _ simulation: Simulation) {
        guard isDone else { return }
        protected[gateway.site] = foreign(desired)
        // Nothing is otherwise than when that was looked at last.
        if let checked = gateway.checked, checked.changes == gateway.plane.changes, checked.desired == desired { return }
        gateway.checked = (desired, gateway.plane.changes)
        check(gateway)
        let tunnels = gateway.plane.state.tunnels
        for place in tunnels.indices { check(tunnels[place].tunnel, gateway, "after all was done") }
    }

    /// The networks of all others, for all that a gateway runs under one plan.
    private mutating func foreign(_ desired: DesiredState) -> Set<IPPrefix> {
        let plan = desired.plan
        if let known = foreign[plan.site], known.unreachable == plan.unreachable, known.routes == plan.routes {
            return known.networks
        }
        let networks = Set(plan.unreachable).union(plan.routes.lazy.map(\.destination))
        foreign[plan.site] = (plan.unreachable, plan.routes, networks)
        return networks
    }

    private var foreign: [SiteName: (unreachable: [IPPrefix], routes: [Route], networks: Set<IPPrefix>)] = [:]

    /// No packet to a protected network leaves but through a tunnel whose packets are protected. `uncovered`: what the operation
    /// took a route or a barrier from; nothing else of what held before can be otherwise.
    mutating func performed(_ operation: Operation, uncovered: [IPPrefix], _ gateway: Gateway) {
        for network in uncovered where protected[gateway.site]?.contains(network) == true && !gateway.plane.covers(network) {
            broke("\(gateway.site): packets to \(network) leave in the clear")
        }
        switch operation {
        case .setTunnel(let tunnel): check(tunnel, gateway, "after it was made")
        case .setFirewall:
            let tunnels = gateway.plane.state.tunnels
            for place in tunnels.indices where !gateway.plane.isGuarded(tunnels[place].tunnel) {
                broke("\(gateway.site): IP-in-IP to \(tunnels[place].tunnel.peer) is let out unprotected")
            }
        case .removePolicy(let policy):
            if let tunnel = gateway.plane.tunnels[policy.peer], gateway.plane.isAttached(tunnel.interface) {
                check(tunnel, gateway, "after a policy went")
            }
        case .addRoute(let route):
            if !gateway.plane.hasInterface(route.interface) {
                broke("\(gateway.site): the route to \(route.destination) goes by \(route.interface), which is no tunnel")
            }
        default: break
        }
    }

    private mutating func check(_ tunnel: GIFTunnel, _ gateway: Gateway, _ when: String) {
        let plane = gateway.plane
        if !plane.isProtected(tunnel, .outbound) || !plane.isProtected(tunnel, .inbound) {
            broke("\(gateway.site): tunnel \(tunnel.interface) to \(tunnel.peer) has no policy \(when)")
        }
        if !plane.isGuarded(tunnel) {
            broke("\(gateway.site): IP-in-IP to \(tunnel.peer) would be let out unprotected \(when)")
        }
    }

    private mutating func check(_ gateway: Gateway) {
        let plane = gateway.plane
        if let network = protected[gateway.site]?.lazy.filter({ !plane.covers($0) }).min() {
            broke("\(gateway.site): packets to \(network) leave in the clear")
        }
    }

    /// All that is wrong with what packets meet on the gateway: to hold `performed` against.
    func faults(of gateway: Gateway) -> Set<String> { gateway.plane.faults(protecting: protected[gateway.site] ?? []) }

    /// Something that `faults` sees and `performed` did not.
    mutating func overlooked(_ fault: String, _ gateway: Gateway) {
        broke("\(gateway.site): \(fault), and what was done to it did not show that")
    }

    // MARK: Roll-outs

    mutating func accepted(_ simulation: Simulation, _ strategy: RolloutStrategy, _ kind: Rollout.Kind) {
        let generation = simulation.controller.control.generation
        strategies[generation] = strategy
    }

    /// Another host, with nothing of the former's.
    mutating func replaced(_ gateway: Gateway) {
        protected[gateway.site] = nil
        good[gateway.site] = nil
    }

    /// The controller is at an earlier time: under a new epoch, all versions are newer than before.
    mutating func restored() { harmed = [:] }

    mutating func meddled(with generation: Generation) { meddled.insert(generation) }

    /// A bad generation harms no more gateways than take part in the wave in which it shows.
    mutating func countHarm(_ generation: Generation, _ gateway: Gateway, _ simulation: Simulation) {
        guard simulation.badPlan(of: generation, on: gateway) != nil, simulation.controller.control.generation == generation,
            let rollout = simulation.controller.control.rollout, rollout.generation == generation, rollout.kind == .forward,
            rollout.target(of: gateway.site) != nil, rollout.strategy.maxFailures == .count(0), !meddled.contains(generation),
            // What becomes of one that leaves stops no roll-out.
            !rollout.fleet.leaving.contains(gateway.site)
        else { return }
        var entry = harmed[generation] ?? ([], nil)
        if entry.limit == nil {
            let view = rollout.view
            guard let wave = view.steps.last(where: { $0.phase == .running })?.waves.last(where: { $0.phase == .running })
            else { return }
            entry.limit = wave.total + view.late.count
        }
        if entry.sites.insert(gateway.site).inserted { simulation.figures.harmed += 1 }
        harmed[generation] = entry
        if let limit = entry.limit, entry.sites.count > limit {
            broke("generation \(generation) harmed \(entry.sites.count) gateways, its first wave had \(limit)")
        }
    }

    mutating func controlled(_ simulation: Simulation) {
        guard case .halted = simulation.controller.control.rollout?.state else { return }
        meddled.insert(simulation.controller.control.generation)
    }

    // MARK: Links

    /// A change of the link itself: it may be away for a moment.
    private mutating func excuse(changesOf desired: DesiredState, on gateway: Gateway, _ simulation: Simulation) {
        let led = good[gateway.site]?.version
        isNextStep[gateway.site] = led?.epoch == desired.version.epoch && led?.generation == desired.version.generation
        guard let before = good[gateway.site] ?? nil else {
            good[gateway.site] = desired
            return touchedSite(gateway, simulation)
        }
        good[gateway.site] = desired
        for peer in Self.changedPeers(from: before.plan, to: desired.plan) {
            if let link = LinkID(gateway.site, peer) { touchedLinks[link] = simulation.now }
        }
    }

    private static func changedPeers(from old: GatewayPlan, to new: GatewayPlan) -> Set<SiteName> {
        var changed: Set<SiteName> = []
        if old.ike.elementsEqual(new.ike, by: { $0.peer == $1.peer }) {
            changed.formUnion(zip(old.ike, new.ike).lazy.filter { $0 != $1 }.map { $1.peer })
        } else {
            let peers = Dictionary(old.ike.map { ($0.peer, $0) }) { first, _ in first }
            changed.formUnion(new.ike.lazy.filter { peers[$0.peer] != $0 }.map(\.peer))
            changed.formUnion(Set(peers.keys).subtracting(new.ike.map(\.peer)))
        }
        if old.tunnels != new.tunnels {
            let tunnels = Dictionary(old.tunnels.map { ($0.peer, $0) }) { first, _ in first }
            changed.formUnion(new.tunnels.lazy.filter { tunnels[$0.peer] != $0 }.map(\.peer))
        }
        return changed
    }

    private var touchedLinks: [LinkID: UInt64] = [:]

    mutating func touched(_ control: MeshControl, _ site: SiteName) { meddled.insert(control.generation) }

    private mutating func touchedSite(_ gateway: Gateway, _ simulation: Simulation) { gateway.lastTrouble = simulation.now }

    /// Whether a gateway is led from one step of a generation to another, as it is in every change but to an earlier time.
    private var isNextStep: [SiteName: Bool] = [:]

    /// An end takes no way but one any longer, and the link still runs another.
    mutating func contracted(_ pair: LinkPair, by site: SiteName, _ simulation: Simulation) {
        if isNextStep[site] == true, mayNotBreak(pair, simulation) {
            broke("link \(pair.id) runs as before, and its change is over")
        }
    }

    /// A change of the link is to interrupt nothing, unless the roll-out goes on without one of its ends.
    private func mayNotBreak(_ pair: LinkPair, _ simulation: Simulation) -> Bool {
        let behind = simulation.controller.control.rollout?.view.leftBehind ?? []
        return canAgree(simulation.gateways[pair.low], simulation.gateways[pair.high])
            && !behind.contains(where: pair.id.contains)
    }

    /// Whether both ends are to have the link, and what they have been told of each other has a way in common that one of them
    /// prefers: then a change of the link, whatever the order of its steps, interrupts nothing.
    private func canAgree(_ low: Gateway, _ high: Gateway) -> Bool {
        guard let lowPlan = good[low.site]?.plan, let highPlan = good[high.site]?.plan,
            lowPlan.tunnels.contains(where: { $0.peer == high.site }),
            highPlan.tunnels.contains(where: { $0.peer == low.site }),
            let lowPeer = low.plane.peers[high.site], let highPeer = high.plane.peers[low.site]
        else { return false }
        let lowWays = lowPeer.ways
        let highWays = highPeer.ways.map(\.mirrored)
        return highWays.contains { $0.agrees(with: lowWays[0]) } || lowWays.contains { $0.agrees(with: highWays[0]) }
    }

    /// Links that no change and no fault touches stay up; links that change do when both ends can agree.
    mutating func turned(_ pair: LinkPair, _ simulation: Simulation) {
        guard !pair.isCarrying else { return }
        let low = simulation.gateways[pair.low], high = simulation.gateways[pair.high]
        let now = simulation.now
        guard !pair.isCut, now >= pair.excusedUntil, [low, high].allSatisfy({ now - $0.lastTrouble > 60 * second && $0.isOn })
        else { return }
        guard !simulation.isHarmed(low, nil), !simulation.isHarmed(high, nil) else { return }
        if let touched = touchedLinks[pair.id], now - touched <= 660 * second {
            if mayNotBreak(pair, simulation) { broke("link \(pair.id) went down while it was changed") }
            return
        }
        broke("link \(pair.id) went down, and nothing had touched it")
    }
}

extension Simulation {
    func became(_ version: StateVersion, on gateway: Gateway) { rules.became(version, on: gateway) }

    func linkTurned(_ pair: LinkPair) {
        note("link \(pair.id) \(pair.isCarrying ? "carries" : "carries nothing")")
        rules.turned(pair, self)
    }

    /// What the gateway runs harms it, in this way or in any.
    func isHarmed(_ gateway: Gateway, _ harm: Scenario.BadPlan.Harm?) -> Bool {
        isHarmed(gateway, by: gateway.plane.version.generation, harm)
    }

    func isHarmed(_ gateway: Gateway, by generation: Generation, _ harm: Scenario.BadPlan.Harm?) -> Bool {
        guard !badPlans.isEmpty, let bad = badPlan(of: generation, on: gateway) else { return false }
        return harm == nil || bad.harm == harm
    }
}
