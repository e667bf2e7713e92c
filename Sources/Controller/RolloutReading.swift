import Foundation
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus
import WarrenStore

/// What operators read of roll-outs, and of gateways that are not as they shall be.
extension Controller {
    /// The latest roll-out as it stands now; nil before the first generation.
    public var currentRollout: RolloutRecord? { updatedRollout(control) }

    /// Newest first.
    public func rollouts(limit: Int = 100) async throws -> [RolloutRecord] {
        let kept = try await translatingStoreErrors { try await store.rollouts(limit: limit) }
        let current = currentRollout
        return kept.map { record in current.flatMap { $0.generation == record.generation ? $0 : nil } ?? record }
    }

    /// The roll-out to a generation; nil when there is none of that number.
    public func rollout(of generation: Generation) async throws -> RolloutRecord? {
        if rolloutRecord?.generation == generation { return currentRollout }
        return try await translatingStoreErrors { try await store.rollout(of: generation) }
    }

    /// A place in what happens to the latest roll-out, as `E.C` in text.
    public struct ProgressMark: Sendable, Equatable, LosslessStringConvertible {
        var event: UInt64
        /// Counts changes since the controller started.
        var change: UInt64

        init(event: UInt64, change: UInt64) {
            self.event = event
            self.change = change
        }

        public init?(_ description: String) {
            let parts = description.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let event = UInt64(parts[0]), let change = UInt64(parts[1]) else { return nil }
            self.init(event: event, change: change)
        }

        public var description: String { "\(event).\(change)" }
    }

    /// What happened to the latest roll-out after `mark` (nil: from its beginning), how it stands, and the mark to go on from;
    /// nil before the first generation.
    public func progress(
        since mark: ProgressMark?
    ) async throws -> (events: [EventRecord], rollout: RolloutRecord, next: ProgressMark)? {
        guard let rollout = currentRollout else { return nil }
        let change = changeCount
        let events = try await events(since: max(mark?.event ?? 0, rollout.firstEvent))
        let last = max(events.last?.number ?? 0, mark?.event ?? 0, rollout.firstEvent)
        return (events.filter(\.kind.isOfRollout), rollout, ProgressMark(event: last, change: change))
    }

    /// The same, as soon as there is anything new, or the roll-out is over, or `wait` is.
    public nonisolated func progress(
        since mark: ProgressMark?, wait: Duration
    ) async throws -> (events: [EventRecord], rollout: RolloutRecord, next: ProgressMark)? {
        let deadline = options.clock.monotonic() + wait
        let before = await currentRollout
        while true {
            guard let progress = try await progress(since: mark) else { return nil }
            let isNew = mark == nil || !progress.events.isEmpty || progress.rollout != before
            if isNew || progress.rollout.finishedAt != nil || options.clock.monotonic() >= deadline { return progress }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// One gateway that is not as it shall be.
    public struct Deviation: Sendable, Equatable {
        public let site: SiteName
        public let connected: Bool
        /// What it runs; nil when it has not reported since the controller started.
        public let version: StateVersion?
        public let intended: StateVersion?
        public let drift: [String]
        public let failure: String?
    }

    /// The gateways that are not as they shall be, in order of names.
    public func deviations() -> [Deviation] {
        sites.live.values.sorted { $0.name < $1.name }.compactMap { record in
            let report = arrivals[record.id]?.report, intended = control.intendedVersion(of: record.name)
            let isConnected = sessions[record.id] != nil
            if isConnected, let report, report.version == intended, report.drift.isEmpty, report.failure == nil { return nil }
            return Deviation(
                site: record.name, connected: isConnected, version: report?.version, intended: intended,
                drift: report?.drift ?? [], failure: report?.failure)
        }
    }

    /// What differs between two generations that are kept; `.none` is the empty mesh.
    public nonisolated func changes(from old: Generation, to new: Generation) async throws -> ChangeSet {
        let before = old == .none ? nil : try await kept(old)
        return MeshComparison(from: before, to: try await kept(new)).changeSet()
    }

    private nonisolated func kept(_ generation: Generation) async throws -> MeshDerivation {
        guard let mesh = try await mesh(of: generation) else { throw ControllerError.unknownGeneration(generation) }
        return mesh
    }
}

extension EventRecord.Kind {
    /// Whether it tells of a roll-out.
    var isOfRollout: Bool { rawValue.hasPrefix("rollout-") || self == .generationAccepted }
}
