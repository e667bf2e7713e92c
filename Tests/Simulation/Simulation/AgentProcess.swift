import AgentCore
import WarrenFailpoints
import WarrenModel
import WarrenPlan

/// The agent's shell, as the runtime has it: performs what `AgentState` asks for, one action after the other.
extension Simulation {
    static let goodFile = "desired", previousFile = "previous", trialFile = "trial", rejectionFile = "rejected"

    /// The host is switched on.
    func powerOn(_ gateway: Gateway) {
        gateway.isOn = true
        gateway.boot += 1
        gateway.clockOrigin = UInt64(random.number(1...1_000_000)) * second / 100
        gateway.plane.reset()
        links.reset(gateway.number)
        after(millisecond * UInt64(gateway.random.number(10...500)), "agent starts", gateway.number) { [self] in
            startAgent(gateway)
            runErrand(gateway)
        }
    }

    func cutPower(_ gateway: Gateway) {
        guard gateway.isOn else { return }
        note("\(gateway.site): power cut")
        killAgent(gateway, restarts: false)
        gateway.errandRun += 1
        gateway.isOn = false
        gateway.disk.cutPower(&gateway.random)
        gateway.plane.reset()
        links.reset(gateway.number)
        refreshPath(gateway)
        trouble(gateway)
        let boot = gateway.boot
        after(second * UInt64(gateway.random.number(3...15)), "power on", gateway.number) { [self] in
            if gateway.boot == boot { powerOn(gateway) }
        }
    }

    func trouble(_ gateway: Gateway) { gateway.lastTrouble = now }

    func startAgent(_ gateway: Gateway) {
        guard gateway.isOn, !gateway.isAgentRunning else { return }
        let memory = identityMemory(gateway)
        guard let identity = memory.usable else {
            if memory.newest.isThere, gateway.errand == nil { fail("\(gateway.site) cannot read who it is") }
            return
        }
        gateway.identity = identity
        gateway.isAgentRunning = true
        gateway.life += 1
        gateway.startState()
        gateway.storageFault = nil
        gateway.reconciliation = nil
        gateway.backoff = Backoff()
        gateway.stream = nil
        let life = gateway.life
        attempt(gateway) {
            let actions = gateway.handle(.restored(load(gateway)), now)
            try pass(.agentRestored, gateway)
            try perform(actions, gateway)
        }
        guard gateway.life == life, gateway.isAgentRunning else { return }
        gateway.beat = now % (250 * millisecond)
        gateway.nextTick = 0
        scheduleTick(gateway)
        connect(gateway, life)
        reportRegularly(gateway, life)
    }

    /// The agent's process is gone; its supervisor starts it again.
    func killAgent(_ gateway: Gateway, restarts: Bool = true) {
        guard gateway.isAgentRunning else { return }
        note("\(gateway.site): the agent dies")
        figures.deaths += 1
        gateway.isAgentRunning = false
        gateway.life += 1
        gateway.crashes += 1
        if let stream = gateway.stream { agentLost(stream) }
        gateway.stream = nil
        guard restarts else { return }
        after(millisecond * UInt64(gateway.random.number(500...3_000)), "agent restarts", gateway.number) { [self] in
            startAgent(gateway)
        }
    }

    /// Runs a part of the agent that may die in it.
    func attempt(_ gateway: Gateway, _ body: () throws -> Void) {
        do { try body() } catch is PowerFailure { cutPower(gateway) } catch { killAgent(gateway) }
    }

    /// Dies here, if it is to.
    func pass(_ point: Failpoint, _ gateway: Gateway) throws {
        guard takeDeath(point, gateway.number) != nil else { return }
        note("\(gateway.site) passes \(point.rawValue)")
        throw Death()
    }

    func handle(_ event: AgentState.Event, _ gateway: Gateway) {
        guard gateway.isAgentRunning else { return }
        attempt(gateway) { try perform(gateway.handle(event, now), gateway) }
        hasten(gateway)
        scheduleTick(gateway)
    }

    private func perform(_ actions: [AgentState.Action], _ gateway: Gateway) throws {
        for action in actions { try perform(action, gateway) }
    }

    private func perform(_ action: AgentState.Action, _ gateway: Gateway) throws {
        switch action {
        case .stage(let trial):
            try pass(.agentTrialStaging, gateway)
            let event: AgentState.Event
            do {
                try gateway.disk.write(Self.trialFile, .trial(trial, boot: gateway.boot)) { try pass($0, gateway) }
                event = .staged(trial.version)
            } catch is DiskFault { event = .stagingFailed(trial.version, "the disk is full") }
            note("\(gateway.site): tries \(trial.version)")
            try pass(.agentTrialStaged, gateway)
            try perform(gateway.handle(event, now), gateway)
        case .discardTrial:
            try keep(gateway, "the end of the trial", action) { try gateway.disk.remove(Self.trialFile) }
            try pass(.agentTrialDiscarded, gateway)
        case .remember(let rejection):
            if let rejection { note("\(gateway.site): \(rejection.reason)") }
            try pass(.agentRejectionBegun, gateway)
            try keep(gateway, "what was gone back from", action) {
                guard let rejection else { return try gateway.disk.remove(Self.rejectionFile) }
                try gateway.disk.write(Self.rejectionFile, .rejection(rejection)) { try pass($0, gateway) }
            }
            try pass(.agentRejectionStored, gateway)
        case .store(let desired, let previous):
            try pass(.agentStoring, gateway)
            note("\(gateway.site): runs \(desired.version) for good")
            try keep(gateway, "generation \(desired.version)", action) {
                if previous == .isTheLastGoodState { try gateway.disk.duplicate(Self.goodFile, as: Self.previousFile) }
                try gateway.disk.write(Self.goodFile, .desired(desired)) { try pass($0, gateway) }
                if previous == .isForgotten { try gateway.disk.remove(Self.previousFile) }
            }
            // Somebody on the gateway may go back as far as its disk does.
            if previous == .isForgotten { gateway.goodVersion = desired.version }
            if gateway.storageFault == nil { became(desired.version, on: gateway) }
            try pass(.agentStored, gateway)
        case .reconcile(let desired, let changedKeys): startReconciliation(desired, changedKeys, gateway)
        case .abandon: gateway.isAbandoned = true
        case .reconnect:
            try pass(.agentTrialReconnecting, gateway)
            if let stream = gateway.stream {
                agentLost(stream)
                gateway.stream = nil
                connect(gateway, gateway.life)
            }
        case .refuse(let reason): note("\(gateway.site) refuses: \(reason)")
        case .repaired(let sentences): note("\(gateway.site) repaired \(sentences)")
        case .report: requestReport(gateway)
        }
    }

    private func keep(
        _ gateway: Gateway, _ what: @autoclosure () -> String, _ action: AgentState.Action, _ body: () throws -> Void
    ) throws {
        do {
            try body()
            gateway.storageFault = nil
        } catch is DiskFault {
            gateway.storageFault = "\(what()) is not stored: the disk is full"
            let life = gateway.life
            after(millisecond, "is not kept", gateway.number) { [self] in
                if gateway.life == life { handle(.notKept(action), gateway) }
            }
        }
    }

    private func load(_ gateway: Gateway) -> AgentMemory {
        var memory = AgentMemory()
        switch gateway.disk.read(Self.goodFile) {
        case .desired(let desired): memory.good = desired
        case nil: break
        default:
            memory.goodFault = "its checksum is wrong"
            gateway.disk.setAside(Self.goodFile)
        }
        if case .desired(let desired) = gateway.disk.read(Self.previousFile) { memory.previous = desired }
        switch gateway.disk.read(Self.trialFile) {
        case .trial(let trial, let boot) where boot == gateway.boot:
            memory.trial = .running(
                Trial(
                    restoring: trial.desired, allowance: trial.allowance, deadline: trial.deadline,
                    now: gateway.clock(now)))
        case .trial(let trial, _): memory.trial = .over(trial.desired, "was not confirmed before the gateway restarted")
        case nil: break
        default: memory.trial = .over(nil, "cannot be read")
        }
        if case .rejection(let rejection) = gateway.disk.read(Self.rejectionFile) { memory.rejection = rejection }
        return memory
    }

    /// The runtime looks at the clock four times a second; here, when that may lead to anything.
    private func scheduleTick(_ gateway: Gateway) {
        guard gateway.isAgentRunning, let deadline = gateway.account.deadline else { return }
        let beat = 250 * millisecond
        let time = max(now + 1, deadline.nanoseconds > gateway.clockOrigin ? deadline.nanoseconds - gateway.clockOrigin : 0)
        let next = (time - min(time, gateway.beat) + beat - 1) / beat * beat + gateway.beat
        guard gateway.nextTick != next else { return }
        gateway.nextTick = next
        let life = gateway.life
        after(next - now, "agent ticks", gateway.number) { [self] in
            guard gateway.life == life, gateway.nextTick == next else { return }
            gateway.nextTick = 0
            handle(.tick, gateway)
        }
    }
}
