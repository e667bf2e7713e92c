import AgentCore
import FoundationEssentials
import WarrenFailpoints
import WarrenModel

/// What an agent keeps on disk: the last good state, the one of the generation before, the trial under way, and what it
/// went back from. Each is replaced whole and durably; in whatever order a crash leaves them, `AgentState` finds its way.
struct AgentFiles {
    static let rejectionName = "rejected.json"
    /// The files that belong to one site of one mesh.
    static let names = [LastGoodState.name, LastGoodState.previousName, TrialFile.name, rejectionName]

    let directory: StateDirectory
    private var good: LastGoodState { LastGoodState(directory: directory) }
    private var trial: TrialFile { TrialFile(directory: directory) }

    /// What is there, and a sentence for each file that cannot be used.
    func load(boot: BootIdentity? = .current, now: MonotonicTime = .now) -> (memory: AgentMemory, faults: [String]) {
        var memory = AgentMemory(), faults: [String] = []
        func note(_ name: String, _ reason: String, isAside: Bool) {
            faults.append("\(name) cannot be used\(isAside ? " and was set aside" : ""): \(reason)")
        }
        do {
            switch try good.load() {
            case .none: break
            case .state(let desired): memory.good = desired
            case .corrupt(let reason):
                memory.goodFault = reason
                note(LastGoodState.name, reason, isAside: true)
            }
        } catch {
            memory.goodFault = error.message
            note(LastGoodState.name, error.message, isAside: false)
        }
        do {
            switch try LastGoodState(directory: directory, name: LastGoodState.previousName).load() {
            case .none: break
            case .state(let desired): memory.previous = desired
            case .corrupt(let reason): note(LastGoodState.previousName, reason, isAside: true)
            }
        } catch { note(LastGoodState.previousName, error.message, isAside: false) }
        do {
            memory.trial = try trial.load(boot: boot, now: now)
            if case .over(nil, let reason) = memory.trial { faults.append("\(TrialFile.name) \(reason)") }
        } catch {
            memory.trial = .over(nil, "cannot be read (\(error))")
            note(TrialFile.name, error.message, isAside: false)
        }
        do {
            memory.rejection = try directory.read(Self.rejectionName).map {
                try JSONDecoder().decode(Rejection.self, from: Data($0))
            }
        } catch { note(Self.rejectionName, "\(error)", isAside: false) }
        return (memory, faults)
    }

    func stage(_ trial: Trial) throws(AgentError) {
        Failpoint.agentTrialStaging.pass()
        try self.trial.store(trial, boot: .current)
        Failpoint.agentTrialStaged.pass()
    }

    func discardTrial() throws(AgentError) {
        try trial.discard()
        Failpoint.agentTrialDiscarded.pass()
    }

    func remember(_ rejection: Rejection?) throws(AgentError) {
        guard let rejection else { return try directory.remove(Self.rejectionName) }
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(rejection)) } catch {
            throw AgentError(.storage, "what was gone back from cannot be written down")
        }
        Failpoint.agentRejectionBegun.pass()
        try directory.write(Self.rejectionName, bytes)
        Failpoint.agentRejectionStored.pass()
    }

    /// The state before is in its place before the new one is, so that a crash between loses neither.
    func store(_ desired: DesiredState, previous: AgentState.Previous) throws(AgentError) {
        Failpoint.agentStoring.pass()
        if previous == .isTheLastGoodState { try directory.duplicate(LastGoodState.name, as: LastGoodState.previousName) }
        try good.store(desired)
        if previous == .isForgotten { try directory.remove(LastGoodState.previousName) }
        Failpoint.agentStored.pass()
    }

    /// Sets all aside, for a gateway that becomes another site or joins another mesh.
    func setAside() throws(AgentError) {
        for name in Self.names { try directory.setAside(name, suffix: LastGoodState.formerSuffix) }
    }
}
