import Foundation
import Logging
import WarrenFailpoints
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus
import WarrenStore

/// How decisions are carried out, and how time passes.
extension Controller {
    func perform(_ action: ControlAction) async {
        switch action {
        case .offer(let site), .remind(let site): session(of: site)?.ring()
        case .confirm(let site, let version): session(of: site)?.confirm(version)
        case .note(let note):
            // A roll-out that touches no gateway has nothing to tell.
            guard control.rollout?.fleet.changes.isEmpty == false else { return }
            await self.note(EventRecord.Kind(note.kind), site: note.site, text: note.text)
        case .rollBack(let generation, let reason):
            await beginRollBack(to: generation, reason: reason)
        case .finished: break
        }
    }

    private func session(of site: SiteName) -> Session? {
        sites.latest[site].flatMap { sessions[$0.id] }
    }

    /// Whether `control` says what the gateway of this very site shall run.
    func isLed(_ site: SiteRecord) -> Bool {
        isLatest(site) && control.intendedVersion(of: site.name) != nil
    }

    /// Whether no other site has the name by now.
    func isLatest(_ site: SiteRecord) -> Bool { sites.latest[site.name]?.id == site.id }

    /// Lets time pass, until cancelled: roll-outs' deadlines, links whose gateways fell silent, names whose addresses may have
    /// changed, tokens that nobody needs any more.
    func run() async {
        let observation = Task { await self.observeForEver() }
        defer { observation.cancel() }
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
                await pruneHistory()
            }
            do {
                try await serially { try await self.tick() }
            } catch {
                log.error("the roll-out cannot go on now", metadata: ["error": "\(error)"])
            }
            let deadline = decisions.isPostponed ? nil : control.deadline()
            let due = deadline.map { $0.since(options.clock.monotonic()) } ?? .seconds(1)
            try? await Task.sleep(for: min(.seconds(1), max(.milliseconds(20), due)))
        }
    }

    private func tick() async throws {
        let now = options.clock.monotonic()
        let lapse = links.tick(now: now)
        let isDue = control.deadline().map { $0 <= now } ?? false
        if let owed = owedRollBack, owed.from == control.generation {
            await beginRollBack(to: owed.to, reason: owed.reason)
        }
        guard isDue || !lapse.isEmpty || decisions.isPostponed else { return }
        await observe(lapse.turns.map { .link($0.link, isUp: $0.isUp) } + lapse.silent.map { .silent($0) } + [.tick])
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
