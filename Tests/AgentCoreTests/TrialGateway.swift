import AgentCore
import WarrenModel
import WarrenPlan

/// A gateway on which every reconciliation succeeds at once unless it is told otherwise, and a disk that outlives its agent.
struct TrialGateway {
    var state = AgentState(site: Sample.site)
    var disk = AgentMemory()
    /// What was applied last; nil while an application hangs or was cut short.
    var runs: DesiredState?
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var applications: [StateVersion] = []
    var reconnects = 0
    var refusals: [String] = []
    /// Applications of these fail.
    var impossible: Set<StateVersion> = []
    /// Applications of these do not end until they are abandoned.
    var hanging: Set<StateVersion> = []
    private var hangs: DesiredState?
    private var streams: UInt64 = 0

    mutating func handle(_ event: AgentState.Event) { perform(state.handle(event, now: now)) }

    /// Performs at most `limit` actions, as an agent does that is killed after them.
    mutating func perform(_ actions: [AgentState.Action], limit: Int = .max) {
        for action in actions.prefix(limit) {
            switch action {
            case .stage(let trial):
                disk.trial = .running(trial)
                handle(.staged(trial.version))
            case .discardTrial: disk.trial = .none
            case .remember(let rejection): disk.rejection = rejection
            case .store(let desired, let fate):
                if fate == .isTheLastGoodState { disk.previous = disk.good }
                disk.good = desired
                if fate == .isForgotten { disk.previous = nil }
            case .reconcile(let desired, _):
                applications.append(desired.version)
                if hanging.contains(desired.version) {
                    (runs, hangs) = (nil, desired)
                } else if impossible.contains(desired.version) {
                    runs = nil
                    handle(.reconciliationFailed(desired, "no device", fraction: 1))
                } else {
                    runs = desired
                    handle(.reconciled(desired, found: []))
                }
            case .abandon:
                if let hangs { handle(.reconciliationFailed(hangs, "the agent gave up", fraction: 1)) }
                hangs = nil
            case .reconnect: reconnects += 1
            case .refuse(let reason): refusals.append(reason)
            case .repaired, .report: break
            }
        }
    }

    mutating func receive(_ desired: DesiredState, trial: Duration? = nil) { handle(.received(desired, trial: trial)) }

    mutating func open() -> StreamID {
        streams += 1
        handle(.streamOpened(StreamID(rawValue: streams)))
        return StreamID(rawValue: streams)
    }

    mutating func pass(_ duration: Duration) {
        now = now + duration
        handle(.tick)
    }

    /// Generation 6 is good, and 7.1 is applied on trial for a minute.
    mutating func beginTrial() -> (good: DesiredState, trial: DesiredState) {
        let good = desired(6), trial = desired(7, 1, peers: [3])
        receive(good)
        receive(trial, trial: .seconds(60))
        return (good, trial)
    }

    /// The agent is killed and started again; with `reboot`, the machine is.
    mutating func restart(reboot: Bool = false) {
        state = AgentState(site: Sample.site)
        hangs = nil
        if reboot {
            runs = nil
            if case .running(let trial) = disk.trial {
                disk.trial = .over(trial.desired, "was not confirmed before the gateway restarted")
            }
        }
        var memory = disk
        if case .running(let trial) = disk.trial {
            memory.trial = .running(
                Trial(restoring: trial.desired, allowance: trial.allowance, deadline: trial.deadline, now: now))
        }
        handle(.restored(memory))
    }
}

extension Sample {
    /// A valid state of the sample's gateway.
    static func state(_ generation: UInt64, _ revision: UInt64 = 0, epoch: UInt64 = 1, peers: [Int] = [2]) -> DesiredState {
        var plan = GatewayPlan(
            site: Sample.site, platform: .embedded, index: 1, outerAddresses: [Sample.outer], innerAddress: Sample.inner,
            networks: [])
        for number in peers {
            plan.tunnels.append(Sample.tunnel(to: number, interface: number))
            plan.policies += Sample.policies(to: number)
            plan.ike.append(Sample.ike(to: number))
        }
        var desired = Sample.desired(plan)
        desired.version = StateVersion(epoch: epoch, generation: Generation(rawValue: generation), revision: revision)
        return desired
    }
}

/// Generation GENERATION.REVISION of the sample's gateway.
func desired(_ generation: UInt64, _ revision: UInt64 = 0, epoch: UInt64 = 1, peers: [Int] = [2]) -> DesiredState {
    Sample.state(generation, revision, epoch: epoch, peers: peers)
}
