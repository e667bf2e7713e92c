import AgentCore
import DataPlane
import Logging
import WarrenFailpoints
import WarrenModel

/// One run of the driver from whatever is there to a desired state: observe, do what differs, and look again.
struct Reconciliation {
    /// A second look sees what the first pass changed on the way; what three do not settle is reported.
    static let passes = 3

    let driver: any DataPlaneDriver
    let desired: DesiredState
    let changedKeys: Set<SiteName>
    let log: Logger

    /// The event that tells how it went.
    func run() async -> AgentState.Event {
        do {
            try await driver.prepare()
            Failpoint.agentApplyBegun.pass()
            var found: [String] = []
            for pass in 0..<Self.passes {
                let observed = try await driver.observe()
                if pass == 0 { found = drift(desired: desired, observed: observed) }
                let left = reconcile(desired: desired, observed: observed, changedKeys: pass == 0 ? changedKeys : [])
                if left.isEmpty {
                    if pass > 0 { Failpoint.agentApplied.pass() }
                    return .reconciled(desired, found: found)
                }
                let faults = await perform(left)
                if let first = faults.first {
                    return failed(faults.count == 1 ? first : "\(first) (and \(faults.count - 1) more)")
                }
            }
            let left = drift(desired: desired, observed: try await driver.observe())
            return left.isEmpty ? .reconciled(desired, found: found) : failed("the gateway does not keep it: \(left[0])")
        } catch {
            return failed("the data plane is not ready: \(error)")
        }
    }

    private func perform(_ operations: [Operation]) async -> [String] {
        var failed: [Operation] = []
        var faults: [String] = []
        for operation in operations where operation.mayFollow(failed: failed) {
            guard !Task.isCancelled else { return ["it was abandoned"] }
            do throws(DataPlaneError) {
                log.debug("performing", metadata: ["operation": "\(operation)"])
                operation.failpoints.before.pass()
                try await driver.perform(operation, keys: desired.keys)
                operation.failpoints.after.pass()
            } catch {
                failed.append(operation)
                faults.append("\(operation) failed: \(error)")
            }
        }
        return faults
    }

    private func failed(_ reason: String) -> AgentState.Event {
        log.error("reconciliation failed", metadata: ["generation": "\(desired.version)", "reason": "\(reason)"])
        return .reconciliationFailed(desired, reason, fraction: .random(in: 0...1))
    }
}
