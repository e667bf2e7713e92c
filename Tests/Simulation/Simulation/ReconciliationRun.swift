import AgentCore
import WarrenModel
import WarrenPlan

/// A reconciliation as the agent's runtime makes it: observe, do what differs, look again, three times at the most.
extension Simulation {
    private struct Run {
        let number: Int
        let life: Int
        let desired: DesiredState
        let changedKeys: Set<SiteName>
        var pass = 0
        var found: [String] = []
        var left: [Operation] = []
        var failed: [Operation] = []
        var faults: [String] = []
    }

    func startReconciliation(_ desired: DesiredState, _ changedKeys: Set<SiteName>, _ gateway: Gateway) {
        gateway.reconciliations += 1
        gateway.reconciliation = gateway.reconciliations
        gateway.isAbandoned = false
        let run = Run(
            number: gateway.reconciliations, life: gateway.life, desired: desired, changedKeys: changedKeys)
        let delay = millisecond * UInt64(gateway.random.number(1...30)) * gateway.slowness
        after(delay, "reconciles", gateway.number) { [self] in
            attempt(gateway) {
                try pass(.agentApplyBegun, gateway)
                try look(run, gateway)
            }
        }
    }

    private func isCurrent(_ run: Run, _ gateway: Gateway) -> Bool {
        gateway.life == run.life && gateway.isAgentRunning && gateway.reconciliation == run.number
    }

    private func look(_ run: Run, _ gateway: Gateway) throws {
        guard isCurrent(run, gateway) else { return }
        var run = run
        gateway.plane.revive()
        let observed = gateway.plane.observed
        let left = reconcile(
            desired: run.desired, observed: observed, changedKeys: run.pass == 0 ? run.changedKeys : [])
        if run.pass == 0, !left.isEmpty { run.found = drift(desired: run.desired, observed: observed) }
        guard !left.isEmpty else { return end(run, gateway, nil) }
        guard run.pass < 3 else { return end(run, gateway, "the gateway does not keep it: \(left[0])") }
        note("\(gateway.site): \(left.count) operations towards \(run.desired.version)")
        run.left = left.reversed()
        rules.began(run.desired, gateway, self)
        gateway.plane.version = run.desired.version
        refreshPath(gateway)
        if let bad = badPlan(of: run.desired.version.generation, on: gateway), bad.harm == .crash { throw Death() }
        try work(run, gateway)
    }

    private func work(_ run: Run, _ gateway: Gateway) throws {
        guard isCurrent(run, gateway) else { return }
        var run = run
        while let operation = run.left.popLast() {
            guard operation.mayFollow(failed: run.failed) else { continue }
            if gateway.isAbandoned { return end(run, gateway, "it was abandoned") }
            try pass(operation.before, gateway)
            if let fault = refusal(of: operation, run.desired, gateway) {
                run.failed.append(operation)
                run.faults.append(fault)
            } else {
                figures.operations += 1
                gateway.plane.perform(operation)
                links.performed(operation, gateway.number, keys: run.desired.keys)
                rules.performed(operation, gateway, self)
            }
            try pass(operation.afterwards, gateway)
            guard gateway.slowness == 1 else {
                let next = run
                after(millisecond * 2 * gateway.slowness, "goes on", gateway.number) { [self] in
                    attempt(gateway) { try work(next, gateway) }
                }
                return
            }
        }
        if let first = run.faults.first { return end(run, gateway, first) }
        run.pass += 1
        try look(run, gateway)
    }

    private func end(_ run: Run, _ gateway: Gateway, _ fault: String?) {
        gateway.reconciliation = nil
        rules.ended(run.desired, gateway, isDone: fault == nil, self)
        let event: AgentState.Event
        if let fault {
            note("\(gateway.site): reconciliation failed: \(fault)")
            event = .reconciliationFailed(run.desired, fault, fraction: gateway.random.fraction())
        } else {
            event = .reconciled(run.desired, found: run.found)
        }
        after(millisecond * gateway.slowness, "reconciled", gateway.number) { [self] in
            guard gateway.life == run.life, gateway.isAgentRunning else { return }
            attempt(gateway) { try pass(.agentApplied, gateway) }
            handle(event, gateway)
        }
    }

    private func refusal(of operation: Operation, _ desired: DesiredState, _ gateway: Gateway) -> String? {
        guard let bad = badPlan(of: desired.version.generation, on: gateway), bad.harm == .refused else { return nil }
        switch operation {
        case .setTunnel, .setPeer, .addPolicy, .setFirewall: return "\(operation.before.rawValue): no such device"
        default: return nil
        }
    }

    /// What is wrong with a generation for this gateway, if anything.
    func badPlan(of generation: Generation, on gateway: Gateway) -> Scenario.BadPlan? {
        guard let bad = badPlans[generation] else { return nil }
        return (gateway.number &* 7 &+ Int(scenario.seed % 5)) % bad.oneIn == 0 ? bad : nil
    }
}

extension Operation {
    var before: CrashPoint {
        switch self {
        case .setFirewall: .agentFirewallBefore
        case .setTranslations: .agentTranslationsBefore
        case .addUnreachable, .removeUnreachable: .agentUnreachableBefore
        case .addPolicy: .agentPolicyBefore
        case .removePolicy: .agentPolicyRemoving
        case .setTunnel: .agentTunnelBefore
        case .removeTunnel: .agentTunnelRemoving
        case .setPeer: .agentPeerBefore
        case .removePeer: .agentPeerRemoving
        case .addRoute: .agentRouteBefore
        case .removeRoute: .agentRouteRemoving
        }
    }

    var afterwards: CrashPoint {
        switch self {
        case .setFirewall: .agentFirewallAfter
        case .setTranslations: .agentTranslationsAfter
        case .addUnreachable, .removeUnreachable: .agentUnreachableAfter
        case .addPolicy: .agentPolicyAfter
        case .removePolicy: .agentPolicyRemoved
        case .setTunnel: .agentTunnelAfter
        case .removeTunnel: .agentTunnelRemoved
        case .setPeer: .agentPeerAfter
        case .removePeer: .agentPeerRemoved
        case .addRoute: .agentRouteAfter
        case .removeRoute: .agentRouteRemoved
        }
    }
}
