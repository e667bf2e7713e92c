import CWarrenSystem
import Glibc

private final class ThreadBody {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Starts a joinable thread that takes no signals: those are for the rest of the process.
func spawnThread(_ body: @escaping @Sendable () -> Void) throws -> pthread_t {
    var thread = pthread_t(), all = sigset_t(), before = sigset_t()
    let context = Unmanaged.passRetained(ThreadBody(body))
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    let failure = pthread_create(
        &thread, nil,
        { context in
            warren_name_thread("packets")
            if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body() }
            return nil
        }, context.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    guard failure == 0 else {
        context.release()
        throw PacketWorker.SystemCallError(call: "pthread_create", errno: failure)
    }
    return thread
}
