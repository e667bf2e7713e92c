import AgentCore
import WarrenModel
import WarrenWire

/// The trial that is under way, written down before it is begun: the boot that it belongs to, when it ends by that boot's
/// clock, how long it lasts in all, and the whole desired state.
struct TrialFile {
    static let name = "trial.bin"

    let directory: StateDirectory
    private let file: SealedFile

    init(directory: StateDirectory) {
        self.directory = directory
        file = SealedFile(directory: directory, name: Self.name, header: Array("warrenT\u{1}".utf8))
    }

    func store(_ trial: Trial, boot: BootIdentity?) throws(AgentError) {
        let name = Array((boot?.bytes ?? []).prefix(255))
        let allowance = MonotonicTime(nanoseconds: 0) + trial.allowance
        try file.write(
            [UInt8(name.count)] + name + Self.bytes(trial.deadline) + Self.bytes(allowance) + (try trial.desired.bytes))
    }

    /// What became of the trial, as far as boot and file tell. A file that cannot be read is set aside.
    func load(boot: BootIdentity?, now: MonotonicTime) throws(AgentError) -> KeptTrial {
        let fault: String
        switch try file.read() {
        case .none: return .none
        case .faulty(let reason): fault = reason
        case .whole(let content):
            var rest = content[...]
            if let length = rest.popFirst(), let name = Self.take(Int(length), from: &rest),
                let deadline = Self.time(from: &rest), let allowance = Self.time(from: &rest)
            {
                do {
                    let desired = try DesiredState(serialized: Array(rest))
                    guard let boot, boot.bytes == Array(name) else {
                        return .over(desired, "was not confirmed before the gateway restarted")
                    }
                    let whole = allowance.since(MonotonicTime(nanoseconds: 0))
                    return .running(Trial(restoring: desired, allowance: whole, deadline: deadline, now: now))
                } catch { fault = "\(error)" }
            } else {
                fault = "it is too short"
            }
        }
        try file.setAside()
        return .over(nil, "cannot be read (\(fault))")
    }

    func discard() throws(AgentError) { try directory.remove(Self.name) }

    private static func bytes(_ time: MonotonicTime) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: time.nanoseconds >> (56 - 8 * $0)) }
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func time(from rest: inout ArraySlice<UInt8>) -> MonotonicTime? {
        take(8, from: &rest).map { MonotonicTime(nanoseconds: $0.reduce(0) { $0 << 8 | UInt64($1) }) }
    }
}
