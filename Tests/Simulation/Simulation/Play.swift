import AgentCore
import WarrenModel
import WarrenPlan
import WarrenRollout

/// A simulation from its beginning to its end: a mesh that stands, what happens to it, and whether it comes to rest.
extension Simulation {
    public func play() {
        defer { end() }
        build()
        guard violation == nil else { return }
        let start = now
        for item in scenario.items {
            after(UInt64(item.at) * millisecond + start - now, "happens") { [self] in
                switch item.what {
                case .fault(let fault): strike(fault)
                case .operation(let operation): operate(operation)
                case .sabotage: sabotage(gateways[0])
                }
            }
        }
        let last = Double(scenario.items.map(\.at).max() ?? 0) / 1_000
        guard run(seconds: last + 30) else { return }
        calm()
        settle()
        figures.simulatedSeconds = Double(now) / 1e9
    }

    private func build() {
        for fault in scenario.beginning { strike(fault) }
        startController()
        applyFirst()
        run(seconds: 15)
        guard violation == nil else { return }
        waitForConvergence("after the first generation", within: scenario.beginning.isEmpty ? 60 : 120)
    }

    private func applyFirst() {
        guard controller.control.generation == .none else { return enrolNew() }
        let isDone = attemptController {
            try accept(Mesh.inventory(scenario, gateways[..<scenario.gateways]), strategy: scenario.strategy)
        }
        guard isDone else { return after(second, "an operator applies again") { [self] in applyFirst() } }
        controller.promised = controller.control.generation
    }

    // MARK: Coming to rest

    private func settle() {
        run(seconds: 20)
        for _ in 0..<6 where violation == nil && !waitForRest(seconds: 900) {
            let view = controller.control.rollout?.view
            note("operator: resumes, \(view?.status.rawValue ?? "") \(view?.reason ?? "")")
            attemptController { try take([.command(.resume(without: []))]) }
        }
        guard violation == nil else { return }
        // A gateway that somebody took back by hand before may keep a link from coming up, for as long as its turn does not come.
        if controller.control.isRollingOut, gateways.contains(where: isHeldBackFromBefore) {
            attemptController { try take([.command(.abort)]) }
        }
        guard !controller.control.isRollingOut else {
            return fail("the roll-out does not end: \(controller.control.rollout.map { "\($0.view)" } ?? "")")
        }
        if let rollout = controller.control.rollout, rollout.view.status == .completed, rollout.view.failed.isEmpty,
            rollout.view.leftBehind.isEmpty
        {
            waitForConvergence("after the last roll-out", within: 60)
        } else {
            run(seconds: 30)
        }
        guard violation == nil else { return }
        heal()
    }

    /// A generation that touches every gateway: whatever they ran, all run it in the end.
    private func heal() {
        guard let content = controller.control.content, let mesh = controller.control.mesh else { return }
        var assignments = content.assignments
        for link in mesh.linkIDs {
            assignments.keyEpochs[link] =
                max(
                    assignments.keyEpochs[link] ?? Plan.firstKeyEpoch, controller.control.record.keyFloors[link] ?? 0) + 1
        }
        let strategy = RolloutStrategy(
            canary: .none, batches: [], maxFailures: .count(0), onFailure: .halt, confirmTimeoutSeconds: 30,
            waveTimeoutSeconds: 120, settleSeconds: 2, lateAfterSeconds: 10)
        note("operator: all keys are rotated")
        isHealed = true
        guard attemptController({ try accept(content.inventory, assignments: assignments, strategy: strategy) }) else {
            return fail("a generation could not be accepted in the calm")
        }
        guard waitForRest(seconds: 600), controller.control.rollout?.view.status == .completed else {
            return fail("in the calm, a roll-out does not complete: \(controller.control.rollout.map { "\($0.view)" } ?? "")")
        }
        waitForConvergence("after all keys were rotated", within: 60)
        guard violation == nil, let settled = controller.control.content else { return }
        let operations = figures.operations
        attemptController { try accept(settled.inventory, strategy: strategy) }
        // Of a site that is leaving, the gateway may be gone for ever.
        let touched = controller.control.rollout.map { Set($0.fleet.changes.keys).subtracting($0.fleet.leaving) } ?? []
        guard touched.isEmpty else { return fail("a second apply touches gateways") }
        run(seconds: 22)
        if figures.operations != operations { fail("a second apply performed \(figures.operations - operations) operations") }
        // Whoever renews its certificate meanwhile opens another stream.
        waitForConvergence("after a second apply", within: scenario.certificateLifetime == nil ? 5 : 20)
    }

    /// Whether the roll-out ends by itself.
    private func waitForRest(seconds: Int) -> Bool {
        for _ in 0..<seconds {
            guard violation == nil else { return false }
            guard controller.isRunning, controller.control.isRollingOut else {
                if controller.isRunning { return true }
                run(seconds: 1)
                continue
            }
            switch controller.control.rollout?.state {
            case .halted, .paused: return false
            default: run(seconds: 1)
            }
        }
        return false
    }

    private func waitForConvergence(_ when: String, within seconds: Int) {
        var fault: String?
        for _ in 0...seconds {
            fault = unsettled()
            guard violation == nil, fault != nil else { return }
            run(seconds: 1)
        }
        if let fault { fail("\(when), not within \(seconds) s: \(fault)") }
    }

    /// It went back from what it shall run, by itself or since somebody on it said so, and holds that until a generation leads it on.
    private func isHoldingBack(_ gateway: Gateway) -> Bool {
        guard let rejected = gateway.state.rejected, rejected == controller.control.intendedVersion(of: gateway.site) else {
            return false
        }
        return !isHealed || controller.control.rollout?.fleet.changes[gateway.site] == nil
    }

    /// It went back from what it shall run by a generation before the current one, which has not come to it.
    private func isHeldBackFromBefore(_ gateway: Gateway) -> Bool {
        isHoldingBack(gateway) && gateway.state.rejected.map { $0.generation < controller.control.generation } ?? false
    }

    /// What is not as it shall be in a mesh at rest; nil when nothing is.
    func unsettled() -> String? {
        guard controller.isRunning, let mesh = controller.control.mesh else { return "no controller, or no mesh" }
        for site in mesh.sites {
            guard let number = numbers[site] else { return "\(site) has no gateway" }
            let gateway = gateways[number]
            guard gateway.isAgentRunning else { return "the agent of \(site) does not run" }
            guard controller.sessions[number] != nil else { return "\(site) has no session" }
            let version = controller.control.intendedVersion(of: site)
            if gateway.state.version != version {
                if isHoldingBack(gateway) { continue }
                return
                    "\(site) runs \(gateway.state.version) instead of \(version.map { "\($0)" } ?? "nothing"), \(gateway.state.failure ?? "no failure")"
            }
            if gateway.state.isOnTrial { return "\(site) is on trial" }
            // A state that it went back from is told of until the next comes.
            let told = gateway.state.standingRejection == nil ? gateway.state.failure : nil
            if let failure = told ?? gateway.storageFault { return "\(site): \(failure)" }
            if let target = gateway.state.target, !isReconciled(gateway, with: target) {
                let left = reconcile(desired: target, observed: gateway.plane.observed)
                return "\(site): \(left.count) operations are left: \(left[0])"
            }
        }
        let awaited = controller.control.awaitedLinks
        for link in mesh.linkIDs {
            guard let low = numbers[link.first], let high = numbers[link.second] else { continue }
            if awaited[link] != nil { return "link \(link) awaits an address" }
            if isHoldingBack(gateways[low]) || isHoldingBack(gateways[high]) { continue }
            if !links.isCarrying(low, high) { return "link \(link) carries nothing" }
        }
        // Last, for it costs the most.
        for site in mesh.sites {
            guard let gateway = numbers[site].map({ gateways[$0] }), !isHoldingBack(gateway) else { continue }
            if gateway.state.applied?.plan != mesh[site] { return "\(site) runs another plan than that of its generation" }
        }
        return nil
    }
}
