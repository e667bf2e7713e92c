import AgentCore
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStore
import WarrenWire

/// What takes long in a large mesh, outside the actor, which serves agents meanwhile.
extension Controller {
    /// What a new generation changes, worked out gateway by gateway on all processors.
    static func changes(of succession: Succession) async -> [SiteName: Succession.Change] {
        let sites = succession.sites, count = 4
        return await withTaskGroup(of: [(SiteName, Succession.Change)].self) { group in
            for part in 0..<count {
                group.addTask {
                    var changes: [(SiteName, Succession.Change)] = []
                    for index in stride(from: part, to: sites.count, by: count) {
                        changes.append((sites[index], succession.change(of: sites[index])))
                        // Sessions have their turn in between.
                        await Task.yield()
                    }
                    return changes
                }
            }
            return await group.reduce(into: [:]) { all, part in all.merge(part) { $1 } }
        }
    }

    /// `control` with the proposal as its next generation, and what is to be done then.
    static func accepting(
        _ proposal: MeshControl.Proposal, in control: MeshControl, now: MonotonicTime
    ) async -> (next: MeshControl, actions: [ControlAction]) {
        let succession = control.succession(proposal)
        let changes = await changes(of: succession)
        var next = control
        let actions = next.accept(succession, changes: changes, now: now)
        return (next, actions)
    }

    /// What is known of one session's site.
    private struct Standing: Sendable {
        let control: MeshControl
        let isLed: Bool
        let peers: [SiteName: SiteRecord]
    }

    private func standing(of session: Session) -> Standing {
        Standing(control: control, isLed: isLed(session.site), peers: sites.latest)
    }

    /// What the agent is to be told now, in order. Call it for one ring at a time.
    nonisolated func messages(for session: Session) async throws -> [Warren_Agent_V1_ControllerMessage] {
        let confirmation = session.takeConfirmation()
        let standing = await standing(of: session), control = standing.control
        var messages: [Warren_Agent_V1_ControllerMessage] = []
        if standing.isLed {
            switch await turnstile.pass({ desired(session, standing) }) {
            case .state(let desired, let trialSeconds):
                messages.append(
                    .with {
                        $0.desired = desired.wire(for: session.version)
                        $0.trialSeconds = trialSeconds
                    })
            case .refused(let version, let reason): try await refuse(version, reason, in: session)
            case nil: break
            }
        } else {
            let version = StateVersion(epoch: control.record.epoch, generation: control.generation)
            let plan = try await translatingStoreErrors { try await store.withdrawnPlan(of: session.site.id) }
            if let plan, session.sent != version {
                let desired = DesiredState(mesh: control.mesh?.mesh ?? "", version: version, plan: plan, keys: [:])
                messages.append(.with { $0.desired = desired.wire(for: session.version) })
                session.sent = version
            }
        }
        if let confirmation { messages.append(.with { $0.confirmed = confirmation.wire }) }
        return messages + session.questions.takeMessages()
    }

    /// A state that an agent is to be told, or why it can't be.
    private enum Answer: Sendable {
        case state(DesiredState, trialSeconds: UInt32)
        case refused(StateVersion, String)
    }

    /// What the agent was not told yet, if there is anything, with the keys that its plan names and no others.
    private nonisolated func desired(_ session: Session, _ standing: Standing) -> Answer? {
        let site = session.site
        guard let target = standing.control.target(of: site.name, unless: session.refusal?.version ?? session.sent) else {
            return nil
        }
        let plan = target.plan
        if let reason = plan.refusal(byAgentOf: session.version) { return .refused(target.version, reason) }
        var keys: [PSKReference: PreSharedKey] = [:]
        for reference in Set(plan.ike.flatMap(\.acceptedKeys) + plan.keys.map(\.reference)) {
            guard let peer = reference.link.peer(of: plan.site), let record = standing.peers[peer] else { continue }
            keys[reference] = secret.preSharedKey(between: site.id, and: record.id, epoch: reference.epoch)
        }
        session.refusal = nil
        session.sent = target.version
        let mesh = standing.control.mesh?.mesh ?? ""
        return .state(
            DesiredState(mesh: mesh, version: target.version, plan: plan, keys: keys), trialSeconds: target.trialSeconds)
    }
}

/// Lets one through at a time: of a thousand plans that are wanted at once, one is worked out, and whoever else has something
/// to do waits for no more than that.
actor Turnstile {
    func pass<Value: Sendable>(_ body: @Sendable () throws -> Value) rethrows -> Value { try body() }
}
