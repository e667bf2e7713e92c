import AgentCore
import WarrenFailpoints
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
        /// What is to be done in this pass, and how much of it was.
        var operations: [Operation] = []
        var done = 0
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

    /// What the gateway does and what it meets.
    func perform(_ operation: Operation, on gateway: Gateway, keys: [PSKReference: PreSharedKey]) {
        let before = checksEverything ? rules.faults(of: gateway) : []
        let uncovered = gateway.plane.perform(operation)
        links.performed(operation, gateway.number, keys: keys)
        rules.performed(operation, uncovered: uncovered, gateway)
        if checksEverything, let fault = rules.faults(of: gateway).subtracting(before).min() {
            rules.overlooked(fault, gateway)
        }
    }

    /// Whether nothing is left to do; worked out anew only when something changed since.
    func isReconciled(_ gateway: Gateway, with desired: DesiredState) -> Bool {
        if isKnownReconciled(gateway, with: desired) { return true }
        guard reconcile(desired: desired, observed: gateway.plane.observed).isEmpty else { return false }
        gateway.reconciled = (desired, gateway.plane.changes)
        return true
    }

    private func isKnownReconciled(_ gateway: Gateway, with desired: DesiredState) -> Bool {
        guard let known = gateway.reconciled else { return false }
        return known.changes == gateway.plane.changes && known.desired == desired
    }

    private func look(_ run: Run, _ gateway: Gateway) throws {
        guard isCurrent(run, gateway) else { return }
        var run = run
        if let fault = startDaemon(gateway) { return end(run, gateway, fault) }
        let changedKeys = run.pass == 0 ? run.changedKeys : []
        if changedKeys.isEmpty, isKnownReconciled(gateway, with: run.desired) { return end(run, gateway, nil) }
        let observed = gateway.plane.observed
        let left = reconcile(desired: run.desired, observed: observed, changedKeys: changedKeys)
        if left.isEmpty { gateway.reconciled = (run.desired, gateway.plane.changes) }
        // Nobody asks for it but after an inspection.
        if run.pass == 0, !left.isEmpty, gateway.state.applied == run.desired {
            run.found = drift(desired: run.desired, observed: observed)
        }
        guard !left.isEmpty else { return end(run, gateway, nil) }
        guard run.pass < 3 else { return end(run, gateway, "the gateway does not keep it: \(left[0])") }
        note("\(gateway.site): \(left.count) operations towards \(run.desired.version)")
        (run.operations, run.done) = (left, 0)
        rules.began(run.desired, gateway, self)
        if gateway.plane.version != run.desired.version {
            gateway.plane.version = run.desired.version
            if !badPlans.isEmpty { links.changed(gateway.number) }
        }
        refreshPath(gateway)
        if let bad = badPlan(of: run.desired.version.generation, on: gateway), bad.harm == .crash { throw Death() }
        try work(run, gateway)
    }

    private func work(_ run: Run, _ gateway: Gateway) throws {
        guard isCurrent(run, gateway) else { return }
        var run = run
        while run.done < run.operations.count {
            let operation = run.operations[run.done]
            run.done += 1
            guard operation.mayFollow(failed: run.failed) else { continue }
            if gateway.isAbandoned { return end(run, gateway, "it was abandoned") }
            try pass(operation.before, gateway)
            if let fault = refusal(of: operation, run.desired, gateway) {
                rules.countHarm(run.desired.version.generation, gateway, self)
                run.failed.append(operation)
                run.faults.append(fault)
            } else {
                figures.operations += 1
                if let fault = performByDaemon(operation, on: gateway, keys: run.desired.keys) {
                    run.failed.append(operation)
                    run.faults.append(fault)
                }
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
    var before: Failpoint {
        switch self {
        case .setFirewall: .agentFirewallBefore
        case .setTranslations: .agentTranslationsBefore
        case .addUnreachable: .agentUnreachableBefore
        case .removeUnreachable: .agentUnreachableRemoving
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

    var afterwards: Failpoint {
        switch self {
        case .setFirewall: .agentFirewallAfter
        case .setTranslations: .agentTranslationsAfter
        case .addUnreachable: .agentUnreachableAfter
        case .removeUnreachable: .agentUnreachableRemoved
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
