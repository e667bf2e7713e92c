import Dispatch
import Glibc
import Synchronization

/// Runs `body` so that SIGINT and SIGTERM cancel it instead of ending the process; a second signal ends the process. No signal
/// finds the body begun and itself not yet heard.
package func cancellingOnSignal<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let interruption = Interruption<Result>()
    var sources: [any DispatchSourceSignal] = []
    for number in [SIGINT, SIGTERM] {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { @Sendable in interruption.heard(number) }
        await withCheckedContinuation { continuation in
            source.setRegistrationHandler { @Sendable in continuation.resume() }
            source.resume()
        }
        sources.append(source)
    }
    defer {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
    return try await interruption.run(body).value
}

/// What signals cancel, once it has begun.
private final class Interruption<Result: Sendable>: Sendable {
    private struct State {
        var task: Task<Result, any Error>?
        var isHeard = false
    }
    private let state = Mutex(State())

    func heard(_ number: Int32) {
        let (task, isSecond) = state.withLock { state in
            defer { state.isHeard = true }
            return (state.task, state.isHeard)
        }
        if isSecond { _exit(128 + number) }
        task?.cancel()
    }

    func run(_ body: @escaping @Sendable () async throws -> Result) -> Task<Result, any Error> {
        let task = Task { try await body() }
        let isLate = state.withLock { state in
            state.task = task
            return state.isHeard
        }
        if isLate { task.cancel() }
        return task
    }
}
