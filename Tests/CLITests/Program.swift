import Foundation

/// The built `warren`, run as an operator runs it.
enum Program {
    struct Completion {
        let status: Int32
        let output: String
        let errorOutput: String
    }

    /// The binary is beside the test bundle.
    static let path = path(of: "warren")

    static func path(of program: String) -> String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ProcessInfo.processInfo.arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: program).path
    }

    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func sample(_ name: String) -> String { repository.appending(path: "Inventory/\(name)").path }

    /// This process's, without what would tell the program of a controller or settings.
    static var plainEnvironment: [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("WARREN_") && $0.key != "NO_COLOR" }
        environment["XDG_CONFIG_HOME"] = "/nonexistent"
        return environment
    }

    /// Runs it with nothing on standard input, without a terminal, and without settings or a controller in the environment.
    static func run(_ arguments: String...) throws -> Completion { try run(list: arguments) }

    static func run(
        list arguments: [String], environment: [String: String] = [:], program: String = path
    ) throws -> Completion {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = plainEnvironment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let folder = FileManager.default.temporaryDirectory.appending(path: "warren-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["out", "err"].map { folder.appending(path: $0) }
        for file in files { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
        return Completion(status: process.terminationStatus, output: texts[0], errorOutput: texts[1])
    }
}
