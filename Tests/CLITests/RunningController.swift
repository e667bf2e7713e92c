import Foundation
import Glibc

/// A real `warrend` on the loopback with a state of its own, until this goes.
final class RunningController {
    let folder: URL
    private let process = Process()

    struct Failure: Error { let message: String }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "warren-cli-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        process.executableURL = URL(filePath: Program.path(of: "warrend"))
        process.arguments = [
            "--state", folder.appending(path: "state").path, "--api-socket", socket, "--agent-listen", "127.0.0.1:0",
            "--enrol-listen", "127.0.0.1:0", "--log-level", "error",
        ]
        process.environment = Program.plainEnvironment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        let deadline = ContinuousClock.now + .seconds(30)
        while try warren("version", "-o", "json").output.contains("\"failure\"") {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw Failure(message: "warrend does not come up: \((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
            }
        }
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    var socket: String { folder.appending(path: "api.sock").path }

    func warren(_ arguments: String...) throws -> Program.Completion {
        try Program.run(list: arguments, environment: ["WARREN_SOCKET": socket])
    }

    /// Makes the inventory the next generation, and does not wait for anybody.
    func apply(_ inventory: String) throws {
        let file = folder.appending(path: "sites.yaml")
        try Data(inventory.utf8).write(to: file)
        let applied = try warren("apply", "--yes", "--no-wait", "--quiet", file.path)
        guard applied.status == 0 else { throw Failure(message: applied.errorOutput) }
    }
}
