import Foundation
import Logging
import WarrenFailpoints
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus
import WarrenStore

/// How decisions are made and carried out: an event goes into `control`, what it leads to is kept, and then done.
extension Controller {
    /// Takes events, in order, as one. Call it within `serially`. Throws when what they lead to can't be kept: then none has
    /// happened.
    func take(_ events: [ControlEvent]) async throws {
        var next = control
        let now = options.clock.monotonic()
        let actions = events.flatMap { next.handle($0, now: now) }
        try await adopt(next, actions)
    }

    func adopt(_ next: MeshControl, _ actions: [ControlAction]) async throws {
        let isDurable =
            actions.contains { mustBeKept($0, in: next) } || next.record.addresses != control.record.addresses
            || next.record.keyFloors != control.record.keyFloors
        let record = updatedRollout(next)
        if isDurable {
            Failpoint.controllerRolloutDecided.pass()
            try await translatingStoreErrors { try await store.keep(next.record, rollout: record) }
            Failpoint.controllerRolloutRecorded.pass()
        }
        control = next
        rolloutRecord = record
        changeCount += 1
        for action in actions { try await perform(action) }
    }

    /// Whether the action needs the record of `next` on disk first. An offer that says again what was said before does not: each
    /// agent that connects gets one.
    private func mustBeKept(_ action: ControlAction, in next: MeshControl) -> Bool {
        guard case .offer(let site) = action else { return action.isDurable }
        return next.intendedVersion(of: site) != control.intendedVersion(of: site)
    }

    /// The roll-out's record as `next` has it.
    private func updatedRollout(_ next: MeshControl) -> RolloutRecord? {
        guard var record = rolloutRecord, let rollout = next.rollout, rollout.generation == record.generation else {
            return rolloutRecord
        }
        record.view = rollout.view
        if !next.isRollingOut, record.finishedAt == nil { record.finishedAt = now }
        return record
    }

    func perform(_ action: ControlAction) async throws {
        switch action {
        case .offer(let site): session(of: site)?.ring()
        case .confirm(let site, let version): session(of: site)?.confirm(version)
        case .note(let note):
            // A roll-out that touches no gateway has nothing to tell.
            guard control.rollout?.fleet.changes.isEmpty == false else { return }
            await self.note(EventRecord.Kind(note.kind), site: note.site, text: note.text)
        case .rollBack(let generation, let reason):
            try await restore(generation, reason: reason)
        case .finished: break
        }
    }

    private func session(of site: SiteName) -> Session? {
        sites.latest[site].flatMap { sessions[$0.id] }
    }

    /// Whether `control` says what the gateway of this very site shall run.
    func isLed(_ site: SiteRecord) -> Bool {
        sites.latest[site.name]?.id == site.id && control.intendedVersion(of: site.name) != nil
    }

    /// Lets time pass, until cancelled: roll-outs' deadlines, links whose gateways fell silent, names whose addresses may have
    /// changed, tokens that nobody needs any more.
    func run() async {
        var lookUpAt = options.clock.monotonic(), pruneAt = options.clock.monotonic()
        while !Task.isCancelled {
            let now = options.clock.monotonic()
            if now >= lookUpAt {
                lookUpAt = now + .seconds(60)
                Task { await self.lookUpNames() }
            }
            if now >= pruneAt {
                pruneAt = now + .seconds(3600)
                await pruneTokens()
            }
            do {
                try await serially { try await self.tick() }
            } catch {
                log.error("the roll-out cannot go on now", metadata: ["error": "\(error)"])
            }
            let due = control.deadline().map { $0.since(options.clock.monotonic()) } ?? .seconds(1)
            try? await Task.sleep(for: min(.seconds(1), max(.milliseconds(20), due)))
        }
    }

    private func tick() async throws {
        let now = options.clock.monotonic()
        let turns = links.tick(now: now)
        let isDue = control.deadline().map { $0 <= now } ?? false
        guard isDue || !turns.isEmpty else { return }
        try await take(turns.map { .link($0.link, isUp: $0.isUp) } + [.tick])
    }

    private func pruneTokens() async {
        let limit = now - Self.spentTokensKept
        do {
            try await translatingStoreErrors { try await store.pruneTokens(before: limit) }
        } catch {
            log.error("old tokens could not be removed", metadata: ["error": "\(error)"])
        }
    }

    /// For so long an agent is told that its token was used or has expired, rather than that nobody knows it.
    private static let spentTokensKept: TimeInterval = 7 * 86400
}

extension EventRecord.Kind {
    init(_ kind: RolloutNote.Kind) {
        self =
            switch kind {
            case .stepStarted: .rolloutStep
            case .waveStarted: .rolloutWave
            case .waveDone: .rolloutWaveDone
            case .siteFailed: .rolloutSiteFailed
            case .siteLate: .rolloutSiteLate
            case .siteReturned: .rolloutSiteReturned
            case .waiting: .rolloutWaiting
            case .paused: .rolloutPaused
            case .resumed: .rolloutResumed
            case .halted: .rolloutHalted
            case .finished: .rolloutFinished
            }
    }
}
