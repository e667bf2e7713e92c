import Foundation

/// Runs commands in a User-Mode-Linux guest through `Tests/Lab/uml/run-in-guest`.
enum Guest {
    struct Ended: Sendable {
        let status: Int32
        let output: String
    }

    static let laboratory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Lab/uml")

    /// The folder of the executables that were built with the tests.
    static var programs: URL {
        get throws {
            URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
                .deletingLastPathComponent()
        }
    }

    /// Boots a guest on processor `cpu`, runs `command` there, and returns when nothing of it is left.
    static func run(_ command: [String], job: URL, cpu: Int, timeoutSeconds: Int) async throws -> Ended {
        let process = Process()
        process.executableURL = laboratory.appending(path: "run-in-guest")
        process.arguments =
            [
                "--job", job.path, "--cpu", String(cpu % ProcessInfo.processInfo.processorCount), "--timeout",
                String(timeoutSeconds),
            ] + command
        process.standardInput = FileHandle.nullDevice
        let log = job.appending(path: "run-in-guest.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let sink = try FileHandle(forWritingTo: log)
        process.standardOutput = sink
        process.standardError = sink
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Ended(status: status, output: try String(contentsOf: log, encoding: .utf8))
    }
}
