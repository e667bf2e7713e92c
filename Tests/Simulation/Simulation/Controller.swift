import AgentCore
import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus

/// The controller's process and what is in its store.
struct Controller {
    /// What survives the process: all of it changes in one transaction, or none.
    struct Store {
        var record = MeshControl.Record()
        var contents: [Generation: MeshContent] = [:]
        var epoch: UInt64 = 1
        var indexes: [SiteName: Int] = [:]
        var lastIndex = 0
        var agents: [SiteName: AgentRecord] = [:]
        var tokens: [Int: TokenRecord] = [:]
        /// What gateways of sites that have left are told to run.
        var withdrawn: [SiteName: GatewayPlan] = [:]
    }

    var store = Store()
    private(set) var decided = Decided(Decisions(MeshControl()))
    var links = LinkWatch()
    var sessions = Sessions()
    var isRunning = false
    var life = 0
    var clockOrigin: UInt64 = 77 * second
    var wallClockError = 0
    var isDiskFull = false
    /// For the files beside the store.
    var disk = SimulatedDisk()
    var authority = 0
    /// What those files held when they were first used: they are never others.
    var promisedState: [Int]?
    /// What was answered to an operator: it must be there for ever.
    var promised = Generation.none
    /// An order that was answered, and how the roll-out stood then.
    var acknowledged: (generation: Generation, state: Rollout.State)?
    /// A rolling back that could not begin yet.
    var owedRollBack: (to: Generation, reason: String, from: Generation)?
    /// What the newest backup holds, and whether an operator was told that it is there.
    var backup: Store?
    var isBackupPromised = false
    /// Its folder is taken: it cannot start.
    var isHeld = false
    var lastRollout: (generation: Generation, isRunning: Bool) = (.none, false)

    func clock(_ now: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: now + clockOrigin) }

    /// Kept by reference, so that a look at it copies nothing, and another one after each change.
    final class Decided {
        let decisions: Decisions
        /// Those that were learned, by the newest of them.
        let addresses: [SiteName: [IPAddress]]

        init(_ decisions: Decisions) {
            self.decisions = decisions
            addresses = decisions.newest.record.addresses
        }
    }

    var decisions: Decisions {
        _read { yield decided.decisions }
        set { decided = Decided(newValue) }
    }

    var control: MeshControl { _read { yield decisions.control } }
}

extension Simulation {
    func startController() {
        guard !controller.isRunning, !controller.isHeld else { return }
        controller.isRunning = true
        controller.life += 1
        controller.sessions = Sessions()
        controller.links = LinkWatch()
        controller.owedRollBack = nil
        guard attemptController({ try openState() }) else { return killController() }
        let store = controller.store
        var contents: [Generation: MeshContent] = [:]
        for generation in store.record.generations {
            guard let content = store.contents[generation] else {
                return fail("generation \(generation), which gateways run, is missing from the store")
            }
            contents[generation] = content
        }
        controller.decisions = Decisions(MeshControl(store.record, contents: contents, epoch: store.epoch))
        if controller.control.generation < controller.promised {
            fail("generation \(controller.promised) was acknowledged, and is gone: \(controller.control.generation)")
        }
        if let order = controller.acknowledged, order.generation == controller.control.generation,
            order.state != controller.control.rollout?.state
        {
            let state = controller.control.rollout.map { "\($0.state)" } ?? "gone"
            fail("the roll-out was \(order.state) when an order was answered, and is \(state)")
        }
        checkPromises()
        guard attemptController({ try take([.restarted]) }) else { return killController() }
        enrolNew()
        controllerTicks(controller.life)
    }

    /// `restartsAfter` nil: somebody stops it.
    func killController(isPowerCut: Bool = false, restartsAfter seconds: ClosedRange<Int>? = 1...4) {
        guard controller.isRunning else { return }
        note("the controller dies")
        figures.deaths += 1
        controller.isRunning = false
        controller.life += 1
        for stream in controller.sessions.inOrder { controllerEnded(stream) }
        controller.sessions = Sessions()
        // A host that starts anew counts from anywhere.
        if isPowerCut {
            controller.clockOrigin = UInt64(random.number(0...5_000)) * second
            controller.disk.cutPower(&random)
        }
        guard let seconds else { return }
        after(second * UInt64(random.number(seconds)), "controller restarts") { [self] in startController() }
    }

    /// The agent sees that the stream has ended, at once or by keepalives.
    private func controllerEnded(_ stream: Stream) {
        stream.isControllerOpen = false
        let gateway = stream.gateway
        after(refreshPath(gateway).down ? latency(gateway) : 20 * second, "the agent sees the end", gateway.number) { [self] in
            if stream.isAgentOpen { lose(stream) }
        }
    }

    /// Runs a part of the controller that may die in it, or fail to store; false then.
    @discardableResult
    func attemptController(_ body: () throws -> Void) -> Bool {
        guard controller.isRunning else { return false }
        do {
            try body()
            return true
        } catch is DiskFault {
            return false
        } catch {
            killController(isPowerCut: (error as? ControllerDeath)?.isPowerCut ?? false)
            return false
        }
    }

    struct ControllerDeath: Error { let isPowerCut: Bool }

    func passController(_ point: Failpoint) throws {
        guard let death = takeDeath(point, Self.controllerHost) else { return }
        note("the controller passes \(point.rawValue)")
        throw ControllerDeath(isPowerCut: death.isPowerCut)
    }

    // MARK: Events and what follows

    /// What happened did happen, also when what it leads to cannot be stored yet.
    func observe(_ events: [ControlEvent]) throws {
        let decision = controller.decisions.decide(events, now: controller.clock(now))
        do {
            try adopt(decision)
        } catch is DiskFault {
            for action in controller.decisions.postpone(decision) { try perform(action) }
        }
    }

    /// An order, which was not given when what it leads to cannot be stored.
    func take(_ events: [ControlEvent]) throws {
        try adopt(controller.decisions.decide(events, now: controller.clock(now)))
    }

    private func adopt(_ decision: Decisions.Decision) throws {
        if controller.decisions.mustBeKept(decision) {
            try passController(.controllerRolloutDecided)
            try transact {
                $0.record = decision.control.record
            } afterwards: {
                if decision.control.rollout?.state != controller.control.rollout?.state { controller.acknowledged = nil }
            }
            try passController(.controllerRolloutRecorded)
        }
        controller.decisions.keep(decision)
        rules.controlled(self)
        for action in decision.actions { try perform(action) }
    }

    func perform(_ action: ControlAction) throws {
        switch action {
        case .offer(let site), .remind(let site): numbers[site].flatMap { controller.sessions[$0] }.map(ring)
        case .confirm(let site, let version):
            guard let stream = numbers[site].flatMap({ controller.sessions[$0] }) else { return }
            stream.confirmation = version
            ring(stream)
        case .note(let text): note("roll-out \(controller.control.generation): \(text.text)")
        case .rollBack(let generation, let reason):
            note("rolling back to \(generation): \(reason)")
            try beginRollBack(generation, reason)
        // Who has just connected is told anyhow.
        default: break
        }
    }

    /// Now, or as soon as there is room to store it.
    private func beginRollBack(_ generation: Generation, _ reason: String) throws {
        try passController(.controllerRollBackBegun)
        guard let content = controller.store.contents[generation] else { return fail("\(generation) is not kept") }
        let from = controller.control.generation
        do {
            try accept(content.inventory, returning: content.assignments, strategy: .rollingBack, kind: .rollBack)
        } catch is DiskFault {
            controller.owedRollBack = (generation, reason, from)
            return
        }
        controller.owedRollBack = nil
        figures.rolledBack += 1
        try passController(.controllerRollBackDone)
    }

    /// `returning`: what an earlier generation assigned, to be had again.
    func accept(
        _ inventory: Inventory, assignments: Assignments? = nil, returning: Assignments? = nil, strategy: RolloutStrategy,
        kind: Rollout.Kind = .forward
    ) throws {
        let control = controller.control
        var next = assignments ?? returning ?? control.content?.assignments ?? .none
        var indexes: [SiteName: Int] = [:]
        for site in inventory.sites {
            if controller.store.indexes[site.name] == nil {
                controller.store.lastIndex += 1
                controller.store.indexes[site.name] = controller.store.lastIndex
            }
            indexes[site.name] = controller.store.indexes[site.name]
        }
        next.indexes = indexes
        if returning != nil { next.addresses = [:] }
        next.keyEpochs.merge(control.content?.assignments.keyEpochs ?? [:]) { max($0, $1) }
        next.keyEpochs.merge(control.record.keyFloors) { max($0, $1) }
        next.keyEpochs = next.keyEpochs.filter { $0.key.sites.allSatisfy { indexes[$0] != nil } }
        next.addresses.merge(control.record.addresses) { $1 }
        next.addresses = next.addresses.filter { indexes[$0.key] != nil }
        next.drained = next.drained.filter { indexes[$0] != nil }
        let content = MeshContent(inventory, assignments: next)
        var changed = controller.decisions.newest
        let actions = changed.accept(
            MeshControl.Proposal(
                content, kind: kind, strategy: strategy, enrolled: Set(controller.store.agents.keys)),
            now: controller.clock(now))
        try passController(.controllerAcceptDerived)
        try transact { store in
            store.record = changed.record
            store.contents[changed.generation] = content
            for site in control.mesh?.sites ?? [] where indexes[site] == nil {
                store.withdrawn[site] = control.mesh?[site]?.withdrawn
            }
        }
        if kind == .forward, let bad = nextBadPlan {
            badPlans[changed.generation] = bad
            nextBadPlan = nil
        }
        try passController(.controllerAcceptStored)
        let decision = controller.decisions.decision(changed, actions)
        controller.decisions.keep(decision)
        figures.generations += 1
        note(
            "generation \(changed.generation): \(inventory.sites.count) sites, \(changed.rollout?.fleet.changes.count ?? 0) touched"
        )
        rules.accepted(self, strategy, kind)
        try passController(.controllerAcceptNoted)
        for stream in controller.sessions.inOrder { ring(stream) }
        enrolNew()
        for action in decision.actions { try perform(action) }
    }

    private func controllerTicks(_ life: Int) {
        guard controller.isRunning, controller.life == life else { return }
        let clock = controller.clock(now)
        let lapse = controller.links.tick(now: clock)
        let isDue = controller.control.deadline().map { $0 <= clock } ?? false
        if let owed = controller.owedRollBack, owed.from == controller.control.generation {
            attemptController { try beginRollBack(owed.to, owed.reason) }
            guard controller.isRunning, controller.life == life else { return }
        }
        if isDue || !lapse.isEmpty || controller.decisions.isPostponed {
            attemptController {
                try observe(
                    lapse.turns.map { .link($0.link, isUp: $0.isUp) } + lapse.silent.map { .silent($0) } + [.tick])
            }
        }
        let deadline = controller.decisions.isPostponed ? nil : controller.control.deadline()
        let due = deadline.map { $0.since(controller.clock(now)).inSeconds } ?? 1
        after(UInt64(min(1, max(0.02, due)) * 1e9), "controller ticks") { [self] in controllerTicks(life) }
    }
}
