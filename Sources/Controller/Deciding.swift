import Logging
import WarrenFailpoints
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStore

/// How decisions are made: what happened goes into a copy of `control`, what it leads to is kept, and only then done.
extension Controller {
    /// A rolling back that could not begin yet.
    struct OwedRollBack: Sendable {
        let to: Generation
        let reason: String
        /// Whose roll-out it ends.
        let from: Generation
    }

    /// What is decided, as it is on disk.
    var control: MeshControl { _read { yield decisions.control } }

    /// Takes what happened, in order, as one. Call it within `serially`. What it leads to is done as soon as it can be kept.
    func observe(_ events: [ControlEvent]) async {
        let decision = decisions.decide(events, now: options.clock.monotonic())
        do {
            try await adopt(decision)
        } catch {
            if !decisions.isPostponed {
                log.error(
                    "what is decided cannot be stored: nothing new is begun until it can", metadata: ["error": "\(error)"])
            }
            for action in decisions.postpone(decision) { await perform(action) }
        }
    }

    /// Takes an order. Throws when what it leads to can't be kept: then it was not given.
    func take(_ events: [ControlEvent]) async throws {
        try await adopt(decisions.decide(events, now: options.clock.monotonic()))
    }

    private func adopt(_ decision: Decisions.Decision) async throws {
        if decisions.mustBeKept(decision) {
            let next = decision.control
            let record = updatedRollout(next), isNew = next.rollout?.generation != control.rollout?.generation
            Failpoint.controllerRolloutDecided.pass()
            try await translatingStoreErrors {
                try await store.keep(next.record, rollout: record, withFleet: isNew)
            }
            Failpoint.controllerRolloutRecorded.pass()
            rolloutRecord = record
        }
        kept(decision)
        await carryOut(decision)
    }

    /// The decision is on disk: from now on it is what is decided.
    func kept(_ decision: Decisions.Decision) {
        if decisions.keep(decision) { log.notice("what is decided can be stored again") }
    }

    /// Does what was decided and kept.
    func carryOut(_ decision: Decisions.Decision) async {
        await followMesh()
        changeCount += 1
        for action in decision.actions { await perform(action) }
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
