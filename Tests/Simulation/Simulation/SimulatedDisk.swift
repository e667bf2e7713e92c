import AgentCore
import SeededRandom
import WarrenFailpoints
import WarrenTrust

/// A file's content. A torn one is what a power cut leaves of a file whose content was not flushed; it fails its checksum.
enum FileContent: Equatable {
    case desired(DesiredState)
    case trial(Trial, boot: Int)
    case rejection(Rejection)
    case identity(Certificate)
    case request(CertificateAttempt<Int>)
    /// Of the controller: a key, a certificate or a secret.
    case number(Int)
    case torn
}

struct DiskFault: Error {}

/// A disk under the state directory of an agent, or of a controller: files are written beside their place, flushed, renamed into it, and
/// the folder is flushed. A dead process leaves what it wrote; a power cut leaves what was flushed, and perhaps more.
struct SimulatedDisk {
    private var cached: [String: FileContent] = [:]
    private var durable: [String: FileContent] = [:]
    /// Changes of the folder that are not flushed, in order: each may or may not survive a power cut, none without those before.
    private var pending: [(name: String, content: FileContent?)] = []
    /// The next file that is written is torn, and the host goes down.
    var tearsNext = false
    /// Writing and flushing fail.
    var isFull = false

    func read(_ name: String) -> FileContent? { cached[name] }

    func number(_ name: String) -> Int? { if case .number(let number)? = cached[name] { number } else { nil } }

    /// `pass` is called at each of the `points` between the steps; it throws when the process dies there.
    mutating func write(
        _ name: String, _ content: FileContent, points: [Failpoint] = Failpoint.agentFile, pass: (Failpoint) throws -> Void
    ) throws {
        if isFull { throw DiskFault() }
        if tearsNext {
            tearsNext = false
            pending.append((name, .torn))
            try flushFolder()
            throw PowerFailure()
        }
        try pass(points[0])
        try pass(points[1])
        cached[name] = content
        pending.append((name, content))
        try pass(points[2])
        try flushFolder()
        try pass(points[3])
    }

    mutating func remove(_ name: String) throws {
        guard cached[name] != nil else { return }
        cached[name] = nil
        pending.append((name, nil))
        try flushFolder()
    }

    /// Gives the content of one file another name too.
    mutating func duplicate(_ name: String, as other: String) throws {
        guard let content = cached[name] else { return }
        if isFull { throw DiskFault() }
        cached[other] = content
        pending.append((other, content))
        try flushFolder()
    }

    mutating func setAside(_ name: String) {
        cached[name] = nil
        pending.append((name, nil))
    }

    private mutating func flushFolder() throws {
        if isFull { throw DiskFault() }
        for (name, content) in pending { durable[name] = content }
        pending = []
    }

    mutating func cutPower(_ random: inout SeededNumbers) {
        let survivors = pending.isEmpty ? 0 : random.number(0...pending.count)
        for (name, content) in pending.prefix(survivors) { durable[name] = content }
        pending = []
        cached = durable
    }
}
