import Foundation
import Glibc
import WarrenFailpoints

@testable import WarrenLab

/// A program that is to die at a point, once: the file that lets it is gone when it did.
struct Doom: Sendable {
    let point: Failpoint
    /// In a folder that every user may write to: the data plane's daemon has given up root when it dies.
    private let license: String

    init(_ point: Failpoint) throws {
        self.point = point
        let folder = "/tmp/warren-doom-\(UUID().uuidString)"
        guard mkdir(folder, 0o777) == 0, chmod(folder, 0o777) == 0 else {
            throw LabError(.failed, "cannot make \(folder)")
        }
        license = "\(folder)/license"
        guard FileManager.default.createFile(atPath: license, contents: nil) else {
            throw LabError(.failed, "cannot make \(license)")
        }
    }

    /// `command`, doomed.
    func dooming(_ command: [String]) -> [String] {
        ["env", "\(Failpoint.variable)=\(point.rawValue)", "\(Failpoint.onceVariable)=\(license)"] + command
    }

    var isFulfilled: Bool { access(license, F_OK) != 0 }

    func forget() { try? FileManager.default.removeItem(atPath: URL(filePath: license).deletingLastPathComponent().path) }

    func await(_ details: @escaping () -> String) async throws {
        try await awaitCondition("\(point.rawValue) is passed", within: .seconds(30), details: details) {
            isFulfilled ? true : nil
        }
    }
}

/// Waits until a child has ended, and answers with the signal that ended it; 0 when none did.
func signal(ending pid: pid_t) async throws -> Int32 {
    try await awaitCondition("process \(pid) ends", within: .seconds(60)) {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == pid ? status & 0x7F : nil
    }
}

enum Programs {
    /// The folder of the test bundle, which is where the package's programs are.
    static let directory: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().path
    }()
    static func path(_ name: String) -> String { "\(directory)/\(name)" }
}

/// Every file below `folder` is its owner's alone.
func openFiles(below folder: String) throws -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { name in
        var status = stat()
        guard lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return status.st_mode & 0o077 != 0
    }
}
