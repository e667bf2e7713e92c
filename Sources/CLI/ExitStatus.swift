import ArgumentParser
import WarrenBackup
import WarrenClient
import WarrenLab

/// What a command's end says to a script: the same everywhere.
enum ExitStatus {
    /// It is done, and what was asked holds.
    static let done: Int32 = 0
    /// It does not hold: faults, a refusal, a link that is not up.
    static let not: Int32 = 1
    /// The command line, a file or a setting cannot be used.
    static let unusable: Int32 = 2
    /// The controller does not answer, or failed.
    static let noAnswer: Int32 = 3
    /// The controller does not let this operator do it.
    static let forbidden: Int32 = 4
    static let interrupted: Int32 = 130

    static func of(_ error: ClientError) -> Int32 {
        switch error.code {
        case .usage: unusable
        case .unreachable, .malformed, .failed: noAnswer
        case .forbidden: forbidden
        case .absent, .conflict, .rejected, .refused: not
        }
    }

    static func of(_ error: LabError) -> Int32 { error.code == .usage || error.code == .notRoot ? unusable : not }

    /// A failure's exit status: where 2 was asked to say that something changes, every failure is 1.
    static func adapted(_ status: Int32, to arguments: [String]) -> Int32 {
        arguments.contains("--detailed-exitcode") && (2...4).contains(status) ? not : status
    }
}

/// A failure in a sentence, with its exit status.
struct CommandFailure: Error {
    let message: String
    let status: Int32

    /// It does not hold.
    init(_ message: String) {
        self.message = message
        status = ExitStatus.not
    }

    /// What was handed in cannot be used.
    init(usage message: String) {
        self.message = message
        status = ExitStatus.unusable
    }
}
