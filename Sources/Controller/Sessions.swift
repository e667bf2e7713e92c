import AgentCore
import WarrenFailpoints
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStore
import WarrenWire
import X509

/// The agents' open streams.
extension Controller {
    /// What an agent says when it opens a stream, and where it calls from.
    struct Greeting: Sendable {
        var version = WireVersion.current
        var running = StateVersion.none
        var isOnTrial = false
        var remote: IPAddress?
    }

    /// Opens the session of the agent that holds `certificate`. An older session of the same site ends.
    func openSession(_ certificate: Certificate, _ greeting: Greeting = Greeting()) async throws -> Session {
        let (site, fingerprint) = try await authenticate(certificate)
        Failpoint.controllerSessionAuthenticated.pass()
        let session = Session(
            site: site, fingerprint: fingerprint, version: greeting.version, remote: greeting.remote)
        do {
            try await serially { try await self.open(session, greeting) }
            // Another agent may have enrolled while the first look was under way, and not have seen this session.
            _ = try await authenticate(certificate)
        } catch {
            await closed(session)
            throw error
        }
        Failpoint.controllerSessionOpened.pass()
        session.ring()
        await note(.agentConnected, site: site.name, text: "the agent of '\(site.name)' connected")
        return session
    }

    private func open(_ session: Session, _ greeting: Greeting) async throws {
        let site = session.site
        sessions.updateValue(session, forKey: site.id)?.end(
            .forbidden("a newer session of site '\(site.name)' has taken over"))
        guard isLed(site) else { return }
        try await take([.connected(site.name, version: greeting.running, isOnTrial: greeting.isOnTrial)])
    }

    /// Forgets the session, unless a newer one has taken its place. Repeats are harmless.
    func closed(_ session: Session) async {
        session.end(.failed("the session is over"))
        let wasOpen = try? await serially { try await self.close(session) }
        guard wasOpen == true else { return }
        await note(.agentDisconnected, site: session.site.name, text: "the agent of '\(session.site.name)' disconnected")
    }

    private func close(_ session: Session) async throws -> Bool {
        guard sessions[session.site.id] === session else { return false }
        sessions[session.site.id] = nil
        if isLed(session.site) { try await take([.disconnected(session.site.name)]) }
        return true
    }

    /// Takes the report of the session's own site.
    func receive(_ message: Warren_Agent_V1_AgentReport, in session: Session) async throws {
        let report: AgentReport
        do {
            report = try AgentReport(wire: message, from: session.site.name)
        } catch {
            throw ControllerError.malformed("the report cannot be taken: \(error)")
        }
        try await serially { try await self.take(report, in: session) }
    }

    private func take(_ said: AgentReport, in session: Session) async throws {
        let site = session.site, now = options.clock.monotonic()
        let report = said.amended(by: session.refusal)
        guard sessions[site.id] === session else {
            throw session.reason ?? ControllerError.forbidden("the session is over")
        }
        let last = arrivals.updateValue(Arrival(report: report, at: now), forKey: site.id)?.report
        if isLed(site) {
            let turns = links.take(report, now: now)
            try await take(turns.map { .link($0.link, isUp: $0.isUp) } + [.reported(GatewayAccount(report))])
            try await learn(from: report, in: session)
        }
        if let failure = report.failure, failure != last?.failure {
            await note(.applyFailed, site: report.site, text: failure)
        }
        if let last, last.version != report.version {
            await note(.applied, site: report.site, text: "runs generation \(report.version)")
        }
    }

    /// What the agent is to be told now, in order.
    func messages(for session: Session) async throws -> [Warren_Agent_V1_ControllerMessage] {
        let confirmation = session.takeConfirmation()
        var messages: [Warren_Agent_V1_ControllerMessage] = []
        if isLed(session.site) {
            if let target = control.target(of: session.site.name, unless: session.refusal?.version ?? session.sent) {
                if let reason = target.plan.refusal(byAgentOf: session.version) {
                    try await refuse(target.version, reason, in: session)
                } else {
                    let desired = desiredState(target.plan, version: target.version, of: session.site)
                    messages.append(
                        .with {
                            $0.desired = desired.wire
                            $0.trialSeconds = target.trialSeconds
                        })
                    session.refusal = nil
                    session.sent = target.version
                }
            }
        } else {
            let version = StateVersion(epoch: control.record.epoch, generation: control.generation)
            let plan = try await translatingStoreErrors { try await store.withdrawnPlan(of: session.site.id) }
            if let plan, session.sent != version {
                let desired = DesiredState(mesh: control.mesh?.mesh ?? "", version: version, plan: plan, keys: [:])
                messages.append(.with { $0.desired = desired.wire })
                session.sent = version
            }
        }
        if let confirmation { messages.append(.with { $0.confirmed = confirmation.wire }) }
        return messages
    }

    /// The agent is not told a state that it would run in part. That counts as if it had refused it itself.
    private func refuse(_ version: StateVersion, _ reason: String, in session: Session) async throws {
        session.refusal = Session.Refusal(version: version, reason: reason)
        log.warning("a state is not sent", metadata: ["site": "\(session.site.name)", "reason": "\(reason)"])
        try await serially {
            guard let last = await self.arrivals[session.site.id]?.report else { return }
            try await self.take(last, in: session)
        }
    }

    /// An agent of another major version was turned away; it hears the reason, too.
    nonisolated func noteRefusal(of certificate: Certificate, _ reason: String) {
        let site = SiteIdentity(certificate, meshID: authority.meshID)?.name
        log.warning("an agent was refused", metadata: ["site": "\(site?.description ?? "?")", "reason": "\(reason)"])
    }

    /// The plan with the keys that it names and no others.
    private func desiredState(_ plan: GatewayPlan, version: StateVersion, of site: SiteRecord) -> DesiredState {
        var keys: [PSKReference: PreSharedKey] = [:]
        for reference in Set(plan.ike.flatMap(\.acceptedKeys) + plan.keys.map(\.reference)) {
            guard let peer = reference.link.peer(of: plan.site), let record = sites.latest[peer] else { continue }
            keys[reference] = secret.preSharedKey(between: site.id, and: record.id, epoch: reference.epoch)
        }
        return DesiredState(mesh: control.mesh?.mesh ?? "", version: version, plan: plan, keys: keys)
    }

    /// Ends every session, so that the listeners can drain.
    func endSessions() {
        for session in sessions.values { session.end(.failed("the controller is shutting down")) }
    }
}

extension AgentReport {
    /// The report of an agent that its state was not sent to.
    fileprivate func amended(by refusal: Session.Refusal?) -> AgentReport {
        guard let refusal, version != refusal.version else { return self }
        var report = self
        report.rejected = refusal.version
        report.failure = failure ?? refusal.reason
        return report
    }
}
