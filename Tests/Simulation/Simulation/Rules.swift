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
    private var protected: [SiteName: [IPPrefix]] = [:]
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
            if desired.version == last.version, desired != last {
                broke("\(site) is offered two states under the version \(desired.version)")
            }
        }
        if desired.version > offers[site]?.version ?? .none { offers[site] = desired }
        for reference in desired.keys.keys where !reference.link.contains(site) {
            broke("\(site) is sent the key of \(reference.link)")
        }
        let accepted = Set(desired.plan.ike.flatMap(\.acceptedKeys))
        for reference in desired.keys.keys
        where !accepted.contains(reference) && !desired.plan.keys.contains(where: { $0.reference == reference }) {
            broke("\(site) is sent a key that it does not need: \(reference)")
        }
        let faults = desired.faults(for: site)
        if let fault = faults.first { broke("\(site) is offered a state that it must refuse: \(fault)") }
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
        let new = Self.foreign(desired.plan)
        // Both before and after: never in between reached another way.
        protected[site] = (protected[site] ?? []).filter(Set(new).contains)
        countHarm(desired.version.generation, gateway, simulation)
    }

    mutating func ended(_ desired: DesiredState, _ gateway: Gateway, isDone: Bool, _ simulation: Simulation) {
        guard isDone else { return }
        protected[gateway.site] = Self.foreign(desired.plan)
        check(gateway)
        for tunnel in gateway.plane.tunnels.values { check(tunnel, gateway, "after all was done") }
    }

    private static func foreign(_ plan: GatewayPlan) -> [IPPrefix] {
        Array(Set(plan.unreachable + plan.routes.map(\.destination)))
    }

    /// No packet to a protected network leaves but through a tunnel whose packets are protected.
    mutating func performed(_ operation: Operation, _ gateway: Gateway, _ simulation: Simulation) {
        switch operation {
        case .setTunnel(let tunnel): check(tunnel, gateway, "after it was made")
        case .setFirewall:
            for tunnel in gateway.plane.tunnels.values where !gateway.plane.isGuarded(tunnel) {
                broke("\(gateway.site): IP-in-IP to \(tunnel.peer) is let out unprotected")
            }
        case .removePolicy(let policy):
            if let tunnel = gateway.plane.tunnels[policy.peer], gateway.plane.isAttached(tunnel.interface) {
                check(tunnel, gateway, "after a policy went")
            }
        case .removeRoute, .removeUnreachable, .removeTunnel: check(gateway)
        case .addRoute(let route):
            if !gateway.plane.tunnels.values.contains(where: { $0.interface == route.interface }) {
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
        let state = gateway.plane.state
        var routed = Set(state.routes.map(\.destination))
        routed.formUnion(state.unreachable)
        for network in protected[gateway.site] ?? [] where !routed.contains(network) {
            broke("\(gateway.site): packets to \(network) leave in the clear")
        }
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
    private mutating func countHarm(_ generation: Generation, _ gateway: Gateway, _ simulation: Simulation) {
        guard simulation.badPlan(of: generation, on: gateway) != nil, simulation.controller.control.generation == generation,
            let rollout = simulation.controller.control.rollout, rollout.generation == generation, rollout.kind == .forward,
            rollout.target(of: gateway.site) != nil, rollout.strategy.maxFailures == .count(0), !meddled.contains(generation)
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
        let control = simulation.controller.control
        guard control.rollout?.view.status == .halted else { return }
        meddled.insert(control.generation)
    }

    // MARK: Links

    /// A change of the link itself: it may be away for a moment.
    private mutating func excuse(changesOf desired: DesiredState, on gateway: Gateway, _ simulation: Simulation) {
        guard let before = good[gateway.site] ?? nil else {
            good[gateway.site] = desired
            return touchedSite(gateway, simulation)
        }
        good[gateway.site] = desired
        let old = Dictionary(before.plan.ike.map { ($0.peer, $0) }) { first, _ in first }
        let tunnels = Dictionary(before.plan.tunnels.map { ($0.peer, $0) }) { first, _ in first }
        let changed =
            desired.plan.ike.filter { old[$0.peer] != $0 }.map(\.peer)
            + desired.plan.tunnels.filter { tunnels[$0.peer] != $0 }.map(\.peer)
            + before.plan.ike.map(\.peer).filter { peer in !desired.plan.ike.contains { $0.peer == peer } }
        for peer in changed { touchedLinks[LinkKey(gateway.site, peer)] = simulation.now }
    }

    private var touchedLinks: [LinkKey: UInt64] = [:]
    private struct LinkKey: Hashable {
        let sites: Set<SiteName>
        init(_ a: SiteName, _ b: SiteName) { sites = [a, b] }
    }

    mutating func touched(_ control: MeshControl, _ site: SiteName) { meddled.insert(control.generation) }

    private mutating func touchedSite(_ gateway: Gateway, _ simulation: Simulation) { gateway.lastTrouble = simulation.now }

    /// Links that no change and no fault touches stay up.
    mutating func turned(_ pair: LinkPair, _ simulation: Simulation) {
        guard !pair.isCarrying else { return }
        let low = simulation.gateways[pair.low], high = simulation.gateways[pair.high]
        let now = simulation.now
        guard !pair.isCut, [low, high].allSatisfy({ now - $0.lastTrouble > 60 * second && $0.isOn }) else { return }
        guard !simulation.isHarmed(low, nil), !simulation.isHarmed(high, nil) else { return }
        guard
            touchedLinks[LinkKey(low.site, high.site)] == nil
                || now - touchedLinks[LinkKey(low.site, high.site)]! > 660 * second
        else { return }
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
        guard !badPlans.isEmpty, let bad = badPlan(of: gateway.plane.version.generation, on: gateway) else { return false }
        return harm == nil || bad.harm == harm
    }
}
