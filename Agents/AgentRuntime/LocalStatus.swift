import AgentCore
import FoundationEssentials
import Glibc
import WarrenModel

/// Whether the agent has a session with its controller.
public enum ControllerState: Sendable, Hashable, Codable {
    /// None was tried yet.
    case none
    case connected(String)
    case lost(String, reason: String)
}

/// How a gateway is, by its own account: written each second for whoever is logged in there with no controller in reach.
public struct LocalStatus: Sendable, Hashable, Codable {
    static let name = "status.json"

    public var mesh: String?
    /// The generation that the gateway shall run.
    public var wanted: Generation
    public var controller: ControllerState
    public var report: AgentReport
    /// What waits for the controller's confirmation, if anything does.
    public var trial: Trial?
    /// What `warren-agent rollback` would go back to when no trial is under way.
    public var previous: StateVersion?
    /// When this was written, in seconds since 1970.
    public var writtenAtSeconds: Double
    public var processID: Int32

    public struct Trial: Sendable, Hashable, Codable {
        public var version: StateVersion
        public var secondsLeft: Double
        /// It is applied: only the confirmation is missing.
        public var isApplied: Bool
        /// What the gateway goes back to without it; nil: to running nothing.
        public var good: StateVersion?

        init(_ trial: AgentCore.Trial, good: StateVersion?, now: MonotonicTime) {
            version = trial.version
            secondsLeft = trial.left(now: now).inSeconds
            if case .waiting = trial.phase { isApplied = true } else { isApplied = false }
            self.good = good
        }
    }

    init(
        mesh: String?, wanted: Generation, controller: ControllerState, report: AgentReport, trial: Trial? = nil,
        previous: StateVersion? = nil
    ) {
        self.mesh = mesh
        self.wanted = wanted
        self.controller = controller
        self.report = report
        self.trial = trial
        self.previous = previous
        writtenAtSeconds = Date.now.timeIntervalSince1970
        processID = getpid()
    }

    /// The last status that an agent wrote in `directory`, or nil when none ever did.
    public static func read(from directory: StateDirectory) throws(AgentError) -> LocalStatus? {
        guard let bytes = try directory.read(name) else { return nil }
        do { return try JSONDecoder().decode(LocalStatus.self, from: Data(bytes)) } catch {
            throw AgentError(.storage, "\(directory.file(name)) cannot be read: it may be of another version")
        }
    }

    func write(to directory: StateDirectory) throws(AgentError) {
        let bytes: [UInt8]
        do { bytes = try json() } catch { throw AgentError(.storage, "the status cannot be written down") }
        try directory.write(Self.name, bytes, durable: false)
    }

    /// Indented JSON, ending in a newline.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [10]
    }
}
