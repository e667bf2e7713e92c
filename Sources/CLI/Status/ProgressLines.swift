import Synchronization
import WarrenModel
import WarrenStatus

/// Tells of a roll-out's progress as it comes, each line once: most of what differs from one status to the next is no news.
final class ProgressLines: Sendable {
    private let generation: Generation?
    private let last = Mutex("")

    /// - Parameter generation: what is waited for; nil: whatever generation the status is of.
    init(towards generation: Generation? = nil) { self.generation = generation }

    @Sendable func show(_ status: MeshStatus) {
        if let line = next(status) { Terminal.note(line) }
    }

    /// The line for this status; nil when it says what the one before said.
    func next(_ status: MeshStatus) -> String? {
        let line = StatusText.progress(of: status, towards: generation ?? status.generation)
        return last.withLock { last in
            defer { last = line }
            return line == last ? nil : line
        }
    }
}
