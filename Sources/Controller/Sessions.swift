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
            try await serially { await self.open(session, greeting) }
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

    private func open(_ session: Session, _ greeting: Greeting) async {
        let site = session.site
        defer { followSession(of: site) }
        sessions.updateValue(session, forKey: site.id)?.end(
            .forbidden("a newer session of site '\(site.name)' has taken over"))
        guard isLed(site) else { return }
        await observe([.connected(site.name, version: greeting.running, isOnTrial: greeting.isOnTrial)])
    }

    /// Forgets the session, unless a newer one has taken its place. Repeats are harmless.
    func closed(_ session: Session) async {
        session.end()
        let wasOpen = try? await serially { await self.close(session) }
        guard wasOpen == true else { return }
        await note(.agentDisconnected, site: session.site.name, text: "the agent of '\(session.site.name)' disconnected")
    }

    private func close(_ session: Session) async -> Bool {
        guard sessions[session.site.id] === session else { return false }
        sessions[session.site.id] = nil
        followSession(of: session.site)
        // Also of a site that has left: it may come back.
        if isLatest(session.site) { await observe([.disconnected(session.site.name)]) }
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
        try await take(arrival: report, in: session)
    }

    /// The report is there for whoever asks at once; what follows from it comes after all that is under way.
    private func take(arrival said: AgentReport, in session: Session) async throws {
        let report = said.amended(by: session.refusal)
        try requireOpen(session)
        let arrival = Arrival(report: report, at: options.clock.monotonic())
        let last = arrivals.updateValue(arrival, forKey: session.site.id)?.report
        follow(report, of: session.site, at: arrival.at)
        try await serially { try await self.take(report, after: last, in: session) }
    }

    private func requireOpen(_ session: Session) throws(ControllerError) {
        guard sessions[session.site.id] === session else { throw session.reason ?? .forbidden("the session is over") }
    }

    private func take(_ report: AgentReport, after last: AgentReport?, in session: Session) async throws {
        let site = session.site, now = options.clock.monotonic()
        try requireOpen(session)
        if isLed(site) {
            let turns = links.take(report, now: now)
            await observe(turns.map { .link($0.link, isUp: $0.isUp) } + [.reported(GatewayAccount(report))])
            await learn(from: report, in: session)
        } else if let sent = session.sent, report.version >= sent, report.failure == nil {
            try bidFarewell(to: site.id)
        }
        if let failure = report.failure, failure != last?.failure {
            await note(.applyFailed, site: report.site, text: failure)
        }
        if let last, last.version != report.version {
            await note(.applied, site: report.site, text: "runs generation \(report.version)")
        }
    }

    /// The agent is not told a state that it would run in part. That counts as if it had refused it itself.
    func refuse(_ version: StateVersion, _ reason: String, in session: Session) async throws {
        session.refusal = Session.Refusal(version: version, reason: reason)
        log.warning("a state is not sent", metadata: ["site": "\(session.site.name)", "reason": "\(reason)"])
        guard let last = arrivals[session.site.id]?.report else { return }
        try await take(arrival: last, in: session)
    }

    /// An agent of another major version was turned away; it hears the reason, too.
    nonisolated func noteRefusal(of certificate: Certificate, _ reason: String) {
        let site = SiteIdentity(certificate, meshID: authority.meshID)?.name
        log.warning("an agent was refused", metadata: ["site": "\(site?.description ?? "?")", "reason": "\(reason)"])
    }

    /// Throws what the agent of a site that was declared again since has to be told, once it has taken down its tunnels. The
    /// agent of a site that is merely gone keeps its session, in case the site comes back.
    private func bidFarewell(to site: SiteID) throws(ControllerError) {
        guard let record = sites.record(of: site), let retired = record.retired, sites.live[record.name] != nil else { return }
        throw .forbidden(Self.farewell(to: record, retired: retired, isBack: true))
    }

    /// What the agent of a site that is gone has to be told.
    static func farewell(to site: SiteRecord, retired: Generation, isBack: Bool) -> String {
        isBack
            ? "site '\(site.name)' left the mesh with generation \(retired) and was declared again: it is another site now. Enrol "
                + "this gateway anew, with a token of 'warren token create \(site.name)'"
            : "site '\(site.name)' has left the mesh with generation \(retired): this agent is needed no longer"
    }

    /// Ends every session, so that the listeners can drain.
    func endSessions() {
        for session in sessions.values { session.end(.unavailable("the controller is shutting down")) }
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
