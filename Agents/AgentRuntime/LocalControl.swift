import CWarrenSystem
import Foundation
import Glibc
import Logging
import Synchronization
import WarrenFailpoints

/// The socket on which somebody on the gateway talks to the agent that runs there: a line with a wish, a line in answer.
/// It lies in the state directory, which is its owner's alone, and takes callers of that user and root only.
public final class LocalControl: Sendable {
    static let name = "agent.sock"
    private static let patienceMilliseconds: Int32 = 2_000

    private let agent: Agent
    private let path: String
    private let log: Logger
    private let listener: Int32
    private let wakeReading: Int32
    private let wakeWriting: Int32
    private let isStopped = Mutex(false)

    public init(agent: Agent, directory: StateDirectory, log: Logger) throws(AgentError) {
        self.agent = agent
        self.log = log
        path = directory.file(Self.name)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw AgentError(.storage, "cannot make a pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        listener = warren_control_listen(path)
        guard listener >= 0 else {
            let reason = String(cString: strerror(errno))
            for end in ends { close(end) }
            throw AgentError(.storage, "cannot listen on \(path): \(reason)")
        }
        (wakeReading, wakeWriting) = (ends[0], ends[1])
    }

    deinit { for descriptor in [listener, wakeReading, wakeWriting] { close(descriptor) } }

    /// Serves on a thread of its own until the calling task is cancelled.
    public func run() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread { [self] in
                    serve()
                    continuation.resume()
                }
                thread.name = "warren-control"
                thread.start()
            }
        } onCancel: {
            isStopped.withLock { $0 = true }
            var byte: UInt8 = 1
            _ = write(wakeWriting, &byte, 1)
        }
        unlink(path)
    }

    private func serve() {
        while !isStopped.withLock({ $0 }) {
            var waits = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeReading, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waits, 2, -1) > 0, waits[0].revents != 0 else { continue }
            let connection = warren_control_accept(listener)
            if connection >= 0 { answer(OwnedConnection(connection)) }
        }
    }

    private func answer(_ connection: OwnedConnection) {
        guard connection.isTrusted else { return }
        guard connection.line(milliseconds: Self.patienceMilliseconds) == RollBack.wish else {
            return connection.say(RollBackAnswer(isDone: false, text: "the agent does not know this wish"))
        }
        log.notice("somebody on the gateway asks to go back")
        Failpoint.agentRollBackAsked.pass()
        agent.rollBack { answer in
            Failpoint.agentRollBackDecided.pass()
            connection.say(answer)
        }
    }
}

/// One caller; closed when it is dropped.
final class OwnedConnection: Sendable {
    private let descriptor: Int32
    private static let longestLine = 4_096

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    /// The other end is root's or this process's user's.
    var isTrusted: Bool {
        var user = uid_t.max, process: pid_t = 0
        return warren_peer_credentials(descriptor, &user, &process) == 0 && (user == 0 || user == geteuid())
    }

    /// What comes before the first newline; nil when that takes longer, or is too much.
    func line(milliseconds: Int32) -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 512)
        while bytes.count <= Self.longestLine {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, milliseconds) > 0 else { return nil }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
            if let end = bytes.firstIndex(of: 10) { return String(decoding: bytes[..<end], as: UTF8.self) }
        }
        return nil
    }

    func write(_ line: String) {
        let bytes = Array((line.replacing("\n", with: " ") + "\n").utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    func say(_ answer: RollBackAnswer) { write((answer.isDone ? "done " : "refused ") + answer.text) }
}
