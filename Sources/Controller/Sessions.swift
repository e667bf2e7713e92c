import AgentCore
import WarrenModel
import WarrenPlan
import WarrenStore
import WarrenWire
import X509

/// The agents' open streams.
extension Controller {
    /// Opens the session of the agent that holds `certificate`. An older session of the same site ends.
    func openSession(_ certificate: Certificate) async throws -> Session {
        let (site, fingerprint) = try await authenticate(certificate)
        let session = Session(site: site, fingerprint: fingerprint)
        sessions.updateValue(session, forKey: site.id)?.end(
            .forbidden("a newer session of site '\(site.name)' has taken over"))
        do {
            // Another agent may have enrolled while the first look was under way, and not have seen this session.
            _ = try await authenticate(certificate)
        } catch {
            close(session)
            throw error
        }
        session.ring()
        await note(.agentConnected, site: site.name, text: "the agent of '\(site.name)' connected")
        return session
    }

    /// Forgets the session, unless a newer one has taken its place. Repeats are harmless.
    @discardableResult
    func close(_ session: Session) -> Bool {
        session.end(.failed("the session is over"))
        guard sessions[session.site.id] === session else { return false }
        sessions[session.site.id] = nil
        return true
    }

    func closed(_ session: Session) async {
        guard close(session) else { return }
        await note(.agentDisconnected, site: session.site.name, text: "the agent of '\(session.site.name)' disconnected")
    }

    /// Takes the report of the session's own site.
    func receive(_ message: Warren_Agent_V1_AgentReport, in session: Session) async throws {
        guard sessions[session.site.id] === session else {
            throw session.reason ?? ControllerError.forbidden("the session is over")
        }
        let report: AgentReport
        do {
            report = try AgentReport(wire: message, from: session.site.name)
        } catch {
            throw ControllerError.malformed("the report cannot be taken: \(error)")
        }
        let last = arrivals.updateValue(Arrival(report: report, at: options.clock.monotonic()), forKey: session.site.id)?.report
        if let failure = report.failure, failure != last?.failure {
            await note(.applyFailed, site: report.site, text: failure)
        }
        if let last, last.applied != report.applied {
            await note(.applied, site: report.site, text: "runs generation \(report.applied)")
        }
    }

    /// What the session's gateway shall run now, with its keys and no others; nil before the first generation.
    func desiredState(for session: Session) async throws -> DesiredState? {
        guard let current else { return nil }
        let site = session.site
        guard sites.live[site.name]?.id == site.id, let plan = current.mesh[site.name] else {
            let withdrawn = try await translatingStoreErrors { try await store.withdrawnPlan(of: site.id) }
            return withdrawn.map {
                DesiredState(
                    mesh: current.mesh.mesh, version: StateVersion(generation: current.generation), plan: $0, keys: [:])
            }
        }
        var keys: [PSKReference: PreSharedKey] = [:]
        for reference in Set(plan.ike.flatMap(\.acceptedKeys) + plan.keys.map(\.reference)) {
            guard let peer = reference.link.peer(of: plan.site), let record = sites.live[peer] else { continue }
            keys[reference] = secret.preSharedKey(between: session.site.id, and: record.id, epoch: reference.epoch)
        }
        return DesiredState(
            mesh: current.mesh.mesh, version: StateVersion(generation: current.generation), plan: plan, keys: keys)
    }

    /// Ends every session, so that the listeners can drain.
    func endSessions() {
        for session in sessions.values { session.end(.failed("the controller is shutting down")) }
    }
}
