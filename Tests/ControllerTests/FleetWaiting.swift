import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenRollout
import WarrenStatus
import WarrenStore

@testable import WarrenController

typealias InventoryFileForTests = InventoryFile

enum RolloutStrategyForTests {
    /// For gateways that answer at once, and are not to be waited for long.
    static let quick = RolloutStrategy(
        batches: [50, 100], confirmTimeoutSeconds: 20, waveTimeoutSeconds: 20, settleSeconds: 0, lateAfterSeconds: 1)
}

struct TookTooLong: Error { let what: String }

extension SimulatedFleet {
    /// Waits until the status is so.
    func until(_ condition: @Sendable (MeshStatus) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let status = await mesh.controller.status()
            if condition(status) { return }
            guard ContinuousClock.now < deadline else { throw TookTooLong(what: "\(status)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits until the roll-out is so, told by the controller of each change.
    @discardableResult
    func untilRollout(_ condition: @Sendable (RolloutRecord) -> Bool) async throws -> RolloutRecord {
        let deadline = ContinuousClock.now + .seconds(30)
        var mark: Controller.ProgressMark?
        while true {
            let progress = try #require(try await mesh.controller.progress(since: mark, wait: .seconds(1)))
            mark = progress.next
            if condition(progress.rollout) { return progress.rollout }
            guard ContinuousClock.now < deadline else { throw TookTooLong(what: "\(progress.rollout.view)") }
        }
    }

    /// Waits until the latest roll-out, to `generation`, is over.
    @discardableResult
    func untilFinished(_ generation: UInt64) async throws -> RolloutRecord {
        try await untilRollout { $0.generation.rawValue >= generation && $0.finishedAt != nil }
    }
}
