import Foundation
import Logging
import WarrenModel
import WarrenRollout
import WarrenStatus
import WarrenStore

/// What was decided of the mesh whose links are followed: another generation or address may change them.
struct FollowedMesh: Equatable {
    let generation: Generation
    let addresses: [SiteName: [IPAddress]]
}

/// How far the observation of the mesh is.
struct Observing {
    var beatAt: MonotonicTime?
    var sampledAt: MonotonicTime?
    var flushedAt: MonotonicTime?
    /// Turns of links that are no events yet.
    var turns: [LinkTurn] = []
    /// Of these, how many were not kept, since there were too many.
    var lostTurns = 0
    /// As they were told last.
    var sites: [SiteName: SiteStatus] = [:]
    var rollout: RolloutRecord?
    /// The links whose history somebody asked for lately, the newest last.
    var asked: [LinkID] = []

    static let mostTurns = 100
    static let mostAsked = 256
}

/// How the links of the mesh are followed, and what is told of it: events, samples, and whoever listens.
extension Controller {
    static let beat = Duration.milliseconds(500)
    private static let samplePeriod = Duration.seconds(10), flushPeriod = Duration.seconds(60)

    /// What changes from now on, in batches, at most two a second, until the stream is let go of. To have all that changed since
    /// a status, listen first and then read the status.
    public nonisolated func meshChanges() -> AsyncStream<MeshChanges> {
        let beats = Task { await self.observeForEver() }
        return feed.listen { beats.cancel() }
    }

    // MARK: What comes in

    func follow(_ report: AgentReport, of site: SiteRecord, at now: MonotonicTime) {
        guard sites.live[site.name]?.id == site.id else { return }
        remember(tracker.take(report, now: now))
    }

    func followSession(of site: SiteRecord) {
        guard let live = sites.live[site.name] else { return }
        tracker.setConnected(site.name, sessions[live.id] != nil)
    }

    /// Follows the links that `control` says there are. A large mesh takes a moment, in which agents are served.
    func followMesh() async {
        let mesh = FollowedMesh(generation: control.generation, addresses: control.record.addresses)
        guard mesh != followed else { return }
        let isInherited = followed == nil
        followed = mesh
        let layout = await Self.layout(of: control)
        guard mesh == followed else { return }
        tracker.adopt(layout, isInherited: isInherited, now: options.clock.monotonic())
        for record in sites.live.values { tracker.setConnected(record.name, sessions[record.id] != nil) }
    }

    private static func layout(of control: MeshControl) async -> LinkLayout {
        guard let mesh = control.mesh else { return .empty }
        return LinkLayout(mesh, awaited: control.awaitedLinks)
    }

    private func remember(_ turns: [LinkTurn]) {
        let room = max(0, Observing.mostTurns - observing.turns.count)
        observing.turns += turns.prefix(room)
        observing.lostTurns += max(0, turns.count - room)
    }

    // MARK: What goes out

    func observeForEver() async {
        while !Task.isCancelled {
            await observeOnce()
            try? await Task.sleep(for: Self.beat)
        }
        try? await history.flush()
    }

    /// Does nothing when it was done a moment ago: there may be several who want it done.
    private func observeOnce() async {
        let now = options.clock.monotonic()
        guard observing.beatAt.map({ now.since($0) >= Self.beat * 4 / 5 }) ?? true else { return }
        observing.beatAt = now
        remember(tracker.tick(now: now))
        await noteTurns()
        publish()
        await takeSamples()
    }

    /// Makes events of turns; one alone of those that were too many.
    private func noteTurns() async {
        let (turns, lost) = (observing.turns, observing.lostTurns)
        guard !turns.isEmpty || lost > 0 else { return }
        (observing.turns, observing.lostTurns) = ([], 0)
        var events = turns.map { EventRecord($0, at: now) }
        if lost > 0 {
            events.append(EventRecord(at: now, kind: .linksChanged, text: "\(lost) more links changed within a moment"))
        }
        for event in events {
            log.info("\(event.text)", metadata: ["event": "\(event.kind.rawValue)"])
            await journal.take(event)
        }
    }

    private func publish() {
        let now = options.clock.monotonic(), links = tracker.takeChanges(now: now)
        guard feed.hasListeners else {
            (observing.sites, observing.rollout) = ([:], nil)
            return
        }
        var changes = MeshChanges(number: 0)
        changes.links = links ?? []
        changes.isWhole = links == nil
        for site in tracker.layout.sites {
            var status = SiteStatus.derive(
                site, intended: control.intendedVersion(of: site), from: observation(of: site), now: now)
            let told = status
            // What differs at every look is no change.
            status.lastReportSecondsAgo = nil
            if observing.sites.updateValue(status, forKey: site) != status { changes.sites.append(told) }
        }
        if let rollout = currentRollout, rollout != observing.rollout {
            observing.rollout = rollout
            changes.rollout = rollout
        }
        feed.publish(changes)
    }

    private func takeSamples() async {
        let now = options.clock.monotonic()
        guard observing.sampledAt.map({ now.since($0) >= Self.samplePeriod }) ?? true else { return }
        observing.sampledAt = now
        let at = Int64(self.now.timeIntervalSince1970)
        let statuses = tracker.samples(limit: LinkHistory.roundLimit, preferring: Set(observing.asked), now: now)
        await history.add(statuses.map { ($0.link, LinkSample($0, at: at)) })
        guard observing.flushedAt.map({ now.since($0) >= Self.flushPeriod }) ?? true else { return }
        observing.flushedAt = now
        do { try await history.flush() } catch { log.error("\(error)") }
    }

    func pruneHistory() async {
        let limit = now - options.historyRetention, at = Int64(now.timeIntervalSince1970)
        do {
            try await history.prune(now: at)
            try await store.pruneEvents(before: limit)
        } catch {
            log.error("old history could not be removed", metadata: ["error": "\(error)"])
        }
    }
}

extension LinkSample {
    init(_ status: LinkStatus, at: Int64) {
        self.init(
            at: at, severity: status.state.severity, roundTripMilliseconds: status.roundTripMilliseconds,
            lossPercent: status.lossPercent, receivedBitsPerSecond: status.receivedBitsPerSecond.map { Double($0) },
            sentBitsPerSecond: status.sentBitsPerSecond.map { Double($0) })
    }
}

extension EventRecord {
    init(_ turn: LinkTurn, at: Date) {
        let (kind, word): (Kind, String) =
            switch turn.kind {
            case .up: (.linkUp, "is up")
            case .degraded: (.linkDegraded, "is degraded")
            case .down: (.linkDown, "is down")
            case .flapping: (.linkFlapping, "flaps")
            case .steady: (.linkSteady, "is steady again")
            }
        self.init(
            at: at, kind: kind, link: turn.link,
            text: "\(turn.link.first) - \(turn.link.second) \(word)" + (turn.reason.map { ": \($0)" } ?? ""))
    }
}
