import Foundation
import Testing

/// A network namespace of its own, with the tools that judge the files. It needs root, and fails loudly without.
final class Namespace {
    struct Outcome {
        let status: Int32
        let output: String
    }
    let name = "warren-render-\(UUID().uuidString.prefix(8))"
    /// For the files of one test.
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try require(["ip", "netns", "add", name])
        try run(required: ["ip", "link", "set", "lo", "up"])
    }

    deinit {
        _ = try? Self.outcome(["ip", "netns", "delete", name])
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs a tool inside; both its outputs are one.
    func run(_ command: [String]) throws -> Outcome { try Self.outcome(["ip", "netns", "exec", name] + command) }

    func run(required command: [String]) throws {
        try require(["ip", "netns", "exec", name] + command)
    }

    /// Writes a file for the tools to read.
    func write(_ text: String, _ file: String) throws -> String {
        let place = folder.appending(path: file)
        try text.write(to: place, atomically: true, encoding: .utf8)
        return place.path
    }

    /// Ends whatever runs inside.
    func endProcesses() { _ = try? Self.outcome(["sh", "-c", "kill $(ip netns pids \"$0\")", name]) }

    private func require(_ command: [String]) throws {
        let outcome = try Self.outcome(command)
        try #require(outcome.status == 0, "\(command.joined(separator: " ")): \(outcome.output)")
    }

    private static func outcome(_ command: [String]) throws -> Outcome {
        let (process, output) = start(command)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: text)
    }

    /// A process inside that goes on, not yet run; it is ended after 30 seconds whatever happens.
    func prepare(_ command: [String], environment: [String: String]) -> (process: Process, output: Pipe) {
        let (process, output) = Self.start(["timeout", "-k", "1", "30", "ip", "netns", "exec", name] + command)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        return (process, output)
    }

    private static func start(_ command: [String]) -> (process: Process, output: Pipe) {
        let process = Process(), output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        return (process, output)
    }
}
