import Logging
import WarrenFailpoints
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStore

/// How decisions are made: an event goes into a copy of `control`, what it leads to is kept, and only then done.
extension Controller {
    /// What was decided of what happened, while the store failed: nothing of it is done before it is kept.
    struct Undone: Sendable {
        var control: MeshControl
        var actions: [ControlAction]
    }

    /// A rolling back that could not begin yet.
    struct OwedRollBack: Sendable {
        let to: Generation
        let reason: String
        /// Whose roll-out it ends.
        let from: Generation
    }

    /// With all that happened, also what could not be kept yet.
    var newest: MeshControl { undone?.control ?? control }

    /// Takes what happened, in order, as one. Call it within `serially`. What it leads to is done as soon as it can be kept.
    func observe(_ events: [ControlEvent]) async {
        let (next, actions) = decision(on: events)
        do {
            try await adopt(next, actions)
        } catch {
            if undone == nil {
                log.error(
                    "what is decided cannot be stored: nothing new is begun until it can", metadata: ["error": "\(error)"])
            }
            undone = Undone(control: next, actions: actions.filter(\.isDurable))
            for action in actions where !action.isDurable { await perform(action) }
        }
    }

    /// Takes an order. Throws when what it leads to can't be kept: then it was not given.
    func take(_ events: [ControlEvent]) async throws {
        let (next, actions) = decision(on: events)
        try await adopt(next, actions)
    }

    private func decision(on events: [ControlEvent]) -> (next: MeshControl, actions: [ControlAction]) {
        var next = newest
        let now = options.clock.monotonic()
        let actions = events.flatMap { next.handle($0, now: now) }
        return (next, (undone?.actions ?? []) + actions)
    }

    private func adopt(_ next: MeshControl, _ actions: [ControlAction]) async throws {
        let isDurable =
            undone != nil || actions.contains { mustBeKept($0, in: next) }
            || next.record.addresses != control.record.addresses || next.record.keyFloors != control.record.keyFloors
        if isDurable {
            let record = updatedRollout(next), isNew = next.rollout?.generation != control.rollout?.generation
            Failpoint.controllerRolloutDecided.pass()
            try await translatingStoreErrors {
                try await store.keep(next.record, rollout: record, withFleet: isNew)
            }
            Failpoint.controllerRolloutRecorded.pass()
            rolloutRecord = record
        }
        await carryOut(next, actions)
    }

    /// What `next` and `actions` need is on disk.
    func carryOut(_ next: MeshControl, _ actions: [ControlAction]) async {
        control = next
        await followMesh()
        if undone != nil {
            undone = nil
            log.notice("what is decided can be stored again")
        }
        changeCount += 1
        for action in actions { await perform(action) }
    }

    /// Whether the action needs the record of `next` on disk first. An offer that says again what was said before does not: each
    /// agent that connects gets one.
    private func mustBeKept(_ action: ControlAction, in next: MeshControl) -> Bool {
        guard case .offer(let site) = action else { return action.isDurable }
        return next.intendedVersion(of: site) != control.intendedVersion(of: site)
    }

    /// The roll-out's record as `next` has it. It costs as much as the roll-out has gateways.
    func updatedRollout(_ next: MeshControl) -> RolloutRecord? {
        guard var record = rolloutRecord, let rollout = next.rollout, rollout.generation == record.generation else {
            return rolloutRecord
        }
        record.view = rollout.view
        if !next.isRollingOut, record.finishedAt == nil { record.finishedAt = now }
        return record
    }

    /// Begins a rolling back, now or as soon as it can be.
    func beginRollBack(to generation: Generation, reason: String) async {
        do {
            Failpoint.controllerRollBackBegun.pass()
            try await restore(generation, reason: reason)
            Failpoint.controllerRollBackDone.pass()
            owedRollBack = nil
        } catch {
            if owedRollBack == nil {
                log.error("the rolling back cannot begin yet", metadata: ["to": "\(generation)", "error": "\(error)"])
            }
            owedRollBack = OwedRollBack(to: generation, reason: reason, from: control.generation)
        }
    }
}
