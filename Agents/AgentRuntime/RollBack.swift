import AgentCore
import CWarrenSystem
import Glibc
import WarrenModel

/// Going back by hand, on the gateway, with no controller: by the agent that runs here, or on disk when none does.
public enum RollBack {
    static let wish = "rollback"
    /// An agent answers at once; the reconciliation comes after.
    private static let patienceMilliseconds: Int32 = 10_000

    /// Goes back one step, and says in a sentence what was done. Throws `.refused` when there is nothing to go back to.
    public static func run(in directory: StateDirectory) throws(AgentError) -> String {
        let answer: RollBackAnswer
        if let lock = try StateLock(directory) {
            answer = try onDisk(directory)
            withExtendedLifetime(lock) {}
        } else {
            answer = try byTheAgent(directory)
        }
        guard answer.isDone else { throw AgentError(.refused, answer.text) }
        return answer.text
    }

    private static func byTheAgent(_ directory: StateDirectory) throws(AgentError) -> RollBackAnswer {
        let path = directory.file(LocalControl.name)
        let descriptor = warren_control_connect(path)
        guard descriptor >= 0 else {
            throw AgentError(
                .unreachable,
                "the agent that runs does not listen on \(path) (\(String(cString: strerror(errno)))): is it starting?")
        }
        let connection = OwnedConnection(descriptor)
        guard connection.isTrusted else { throw AgentError(.untrusted, "\(path) is not the agent's") }
        connection.write(wish)
        guard let line = connection.line(milliseconds: patienceMilliseconds) else {
            throw AgentError(.unreachable, "the agent that runs does not answer on \(path)")
        }
        let parts = line.split(separator: " ", maxSplits: 1)
        return RollBackAnswer(isDone: parts.first == "done", text: parts.count == 2 ? String(parts[1]) : line)
    }

    /// The same decisions as the agent's, of which only those are performed that concern the disk.
    static func onDisk(_ directory: StateDirectory) throws(AgentError) -> RollBackAnswer {
        guard let identity = try AgentIdentity.load(from: directory) else {
            throw AgentError(.invalid, "this gateway is not enrolled: there is nothing to go back to")
        }
        return try onDisk(directory, site: identity.site)
    }

    static func onDisk(_ directory: StateDirectory, site: SiteName) throws(AgentError) -> RollBackAnswer {
        let files = AgentFiles(directory: directory), now = MonotonicTime.now
        let (memory, faults) = files.load(now: now)
        if memory.goodFault != nil { throw AgentError(.storage, faults.joined(separator: "; ")) }
        var state = AgentState(site: site)
        var actions = state.handle(.restored(memory), now: now)
        // A trial that is over went back just now: that was the step.
        if memory.trial == .none || state.trial != nil { actions += state.handle(.rollBack, now: now) }
        for action in actions {
            switch action {
            case .remember(let rejection): try files.remember(rejection)
            case .store(let desired, let previous): try files.store(desired, previous: previous)
            case .discardTrial: try files.discardTrial()
            default: break
            }
        }
        var answer = RollBackAnswer(actions)
        if answer.isDone { answer.text += "; no agent runs: the gateway itself goes back when one is started" }
        return answer
    }
}
