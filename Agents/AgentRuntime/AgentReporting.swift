import AgentCore
import DataPlane
import WarrenModel
import WarrenPlan

extension Agent {
    /// How the gateway is now.
    func makeReport() async -> AgentReport {
        var report = AgentReport(
            site: site, agentVersion: AgentProgram.version,
            outerAddresses: OuterAddresses.find(
                toward: controllerAddresses, except: Set((state.target?.plan.tunnels ?? []).map(\.inner.local))))
        noteOrigin(report.outerAddresses)
        var fault: String?
        do {
            // Before anything is known there may be no daemon to ask, and nothing to start one for.
            var observed = ObservedState()
            for _ in 0..<2 where state.target != nil {
                // What was seen before another state was applied says nothing of how that one runs.
                let version = state.version
                observed = try await driver.observe()
                if state.version == version { break }
            }
            report.tunnels = observed.tunnels
            report.routes = observed.routes.sorted { ($0.destination, $0.interface) < ($1.destination, $1.interface) }
            report.securityAssociations = observed.securityAssociations
            report.ike = observed.ike
            if let target = state.target { report.drift = drift(desired: target, observed: observed) }
            report.drift += state.recentRepairs.map { "repaired: \($0)" }
        } catch {
            // While a daemon is being started it cannot be asked; if that fails, the reconciliation says so.
            if !(error.code == .unavailable && state.isChanging) { fault = "the data plane cannot be observed: \(error)" }
        }
        // Looking at the data plane took a while: what is said of the state is of one moment, and of now.
        report.version = state.version
        report.isOnTrial = state.isOnTrial
        report.rejected = state.rejected
        report.failure = state.failure ?? storageFault ?? fault
        prober?.setTargets((state.target?.plan.tunnels ?? []).map(ProbeTarget.init))
        report.probes = prober?.reports() ?? []
        return report
    }

    func writeStatus(_ report: AgentReport) {
        let mesh = state.target.flatMap { $0.mesh.isEmpty ? nil : $0.mesh }
        let status = LocalStatus(
            mesh: mesh, wanted: state.target?.generation ?? .none, controller: controller, report: report,
            trial: state.trial.map { LocalStatus.Trial($0, good: state.good?.version, now: .now) },
            previous: state.previous?.version)
        do { try status.write(to: directory) } catch {
            log.warning("the status file cannot be written", metadata: ["reason": "\(error)"])
        }
    }
}
