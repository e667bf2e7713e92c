import WarrenModel
import WarrenStatus

extension ControllerClient {
    /// How the wait for a mesh ended.
    public enum Outcome: Sendable {
        /// Every gateway runs the generation without drift, and every link is up.
        case well(MeshStatus)
        /// The time is over: this is how it stood.
        case late(MeshStatus)
        /// Another generation took over.
        case superseded(MeshStatus)
    }

    /// Asks for the status until the mesh runs `generation` and is well, or until `limit` is over; tells `progress` of
    /// each answer that differs from the one before. A cancelled task ends the wait; the controller goes on regardless.
    public func awaitWell(
        _ generation: Generation, within limit: Duration, progress: @Sendable (MeshStatus) -> Void = { _ in }
    ) async throws -> Outcome {
        let deadline = ContinuousClock.now.advanced(by: limit)
        var last: MeshStatus?
        while true {
            let status = try await status()
            if status != last { progress(status) }
            last = status
            if status.generation > generation { return .superseded(status) }
            if status.generation == generation, status.isWell { return .well(status) }
            guard ContinuousClock.now < deadline else { return .late(status) }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
