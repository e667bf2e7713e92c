import AgentCore
import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout

/// What operators do, as the controller's interface lets them.
extension Simulation {
    private enum Refusal: Error { case underWay, nothingToDo }

    /// Tried again for a minute while a roll-out is under way or the controller is away.
    func operate(_ operation: Scenario.Operation, tries: Int = 12) {
        guard !isCalm else { return }
        do {
            guard controller.isRunning else { throw Refusal.underWay }
            var refusal: Refusal?
            let before = controller.control.generation
            let isDone = attemptController {
                do { try perform(operation) } catch let error as Refusal { refusal = error }
            }
            if let refusal { throw refusal }
            // An order whose answer is lost is given again; of a generation, it is looked whether it is there.
            guard isDone, !isLost() else { throw operation.isOrder ? Refusal.underWay : Refusal.nothingToDo }
            if controller.control.generation > before { controller.promised = controller.control.generation }
            if operation.isOrder, let state = controller.control.rollout?.state {
                controller.acknowledged = (controller.control.generation, state)
            }
        } catch Refusal.underWay {
            guard tries > 0 else { return }
            after(5 * second, "the operator tries again") { [self] in operate(operation, tries: tries - 1) }
        } catch {}
    }

    private func requireRest() throws {
        if controller.control.isRollingOut { throw Refusal.underWay }
        guard controller.control.content != nil else { throw Refusal.nothingToDo }
    }

    private func perform(_ operation: Scenario.Operation) throws {
        note("operator: \(operation)")
        switch operation {
        case .apply(let edit):
            try requireRest()
            guard var inventory = controller.control.content?.inventory else { return }
            Mesh.edit(&inventory, edit, scenario, spare: edit == .add ? spare() : nil)
            try accept(inventory, strategy: scenario.strategy)
        case .rotate(let oneIn):
            try change { assignments, mesh in
                for (number, link) in mesh.linkIDs.enumerated() where number % oneIn == 0 {
                    assignments.keyEpochs[link] = (assignments.keyEpochs[link] ?? Plan.firstKeyEpoch) + 1
                }
            }
        case .drain(let number):
            try change { assignments, mesh in
                guard !mesh.sites.isEmpty else { return }
                assignments.drained.insert(mesh.sites[number % mesh.sites.count])
            }
        case .undrain(let number):
            try change { assignments, _ in
                let drained = assignments.drained.sorted()
                guard !drained.isEmpty else { throw Refusal.nothingToDo }
                assignments.drained.remove(drained[number % drained.count])
            }
        case .rollBack(let by):
            try requireRest()
            let current = controller.control.generation.rawValue
            guard current > UInt64(by) else { throw Refusal.nothingToDo }
            guard let content = controller.store.contents[Generation(rawValue: current - UInt64(by))] else { return }
            try accept(content.inventory, returning: content.assignments, strategy: scenario.strategy)
        case .pause: try command(.pause)
        case .resume: try command(.resume(without: []))
        case .abort: try command(.abort)
        case .rollBackNow: try command(.rollBack)
        case .revoke(let number): try revoke(gateways[number % scenario.gateways])
        case .replace(let number): replaceHost(gateways[number % scenario.gateways])
        case .rollBackByHand(let number): rollBackByHand(gateways[number % scenario.gateways])
        case .backUp: backUp()
        case .restore: restore()
        }
    }

    private func change(_ edit: (inout Assignments, MeshDerivation) throws -> Void) throws {
        try requireRest()
        guard let content = controller.control.content, let mesh = controller.control.mesh else { return }
        var assignments = content.assignments
        try edit(&assignments, mesh)
        try accept(content.inventory, assignments: assignments, strategy: scenario.strategy)
    }

    private func command(_ command: RolloutCommand) throws {
        guard controller.control.isRollingOut, let rollout = controller.control.rollout else { throw Refusal.nothingToDo }
        if command == .rollBack, rollout.kind == .rollBack { throw Refusal.nothingToDo }
        rules.meddled(with: controller.control.generation)
        try passController(.controllerOrderChecked)
        try take([.command(command)])
        try passController(.controllerOrderObeyed)
    }

    /// Somebody on the gateway asks its agent.
    private func rollBackByHand(_ gateway: Gateway) {
        guard gateway.isAgentRunning else { return }
        rules.meddled(with: controller.control.generation)
        for other in gateways { trouble(other) }
        attempt(gateway) { try pass(.agentRollBackAsked, gateway) }
        handle(.rollBack, gateway)
        attempt(gateway) { if gateway.isAgentRunning { try pass(.agentRollBackDecided, gateway) } }
    }

    /// The agent's certificate is good for nothing any more, and its peers use other keys. Its site gets another host.
    private func revoke(_ gateway: Gateway) throws {
        guard controller.store.agents[gateway.site] != nil else { throw Refusal.nothingToDo }
        rules.touched(controller.control, gateway.site)
        let decision = controller.decisions.decide([.compromised(gateway.site)], now: controller.clock(now))
        try passController(.controllerRevokeDecided)
        try transact { store in
            store.record = decision.control.record
            store.agents[gateway.site] = nil
            for (id, token) in store.tokens where token.site == gateway.site { store.tokens[id] = nil }
        } afterwards: {
            trust.revoked(gateway.site)
            for other in gateways { trouble(other) }
            // What the operator does next, whether or not the controller lives to say that it is done.
            after(10 * second, "another host for the site", gateway.number) { [self] in replaceHost(gateway) }
        }
        try passController(.controllerRevokeStored)
        controller.decisions.keep(decision)
        rules.controlled(self)
        if let stream = controller.sessions[gateway.number] {
            sendDown(stream) { [self] in lose(stream) }
            close(stream)
        }
        for action in decision.actions { try perform(action) }
    }

    private func replaceHost(_ gateway: Gateway) {
        guard gateway.isClaimed else { return }
        killAgent(gateway, restarts: false)
        gateway.isOn = false
        refreshPath(gateway)
        gateway.formerHost = identityMemory(gateway).usable.map {
            FormerHost(host: TrustLedger.Host(gateway: gateway.number, number: gateway.host), certificate: $0)
        }
        gateway.host += 1
        gateway.errand = nil
        gateway.identity = nil
        gateway.disk = SimulatedDisk()
        gateway.goodVersion = .none
        rules.replaced(gateway)
        trouble(gateway)
        powerOn(gateway)
        requestToken(gateway)
    }

    // MARK: Gateways

    private func spare() -> Gateway? {
        let known = Set(controller.control.mesh?.sites ?? [])
        return gateways.dropFirst(scenario.gateways).first { !$0.isClaimed && !known.contains($0.site) }
    }

    /// A site that has no gateway yet gets one a moment after it was declared.
    func enrolNew() {
        for site in controller.control.mesh?.sites ?? [] {
            guard let number = numbers[site] else { continue }
            let gateway = gateways[number]
            guard gateway.isClaimed else {
                gateway.isClaimed = true
                after(second * UInt64(gateway.random.number(0...2)), "a gateway is set up", number) { [self] in
                    powerOn(gateway)
                    requestToken(gateway)
                }
                continue
            }
            // It may have left while its gateway was being set up, and have come back.
            if gateway.isOn, gateway.errand == nil, identityMemory(gateway).usable == nil { requestToken(gateway) }
        }
    }
}

extension Scenario.Operation {
    fileprivate var isOrder: Bool {
        switch self {
        case .pause, .resume, .abort, .rollBackNow: true
        default: false
        }
    }
}
