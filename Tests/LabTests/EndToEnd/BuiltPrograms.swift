import Foundation
import WarrenModel

@testable import WarrenLab

/// The built programs, run as a person would, on samples under mesh names of their own.
enum BuiltPrograms {
    /// The folder of the test bundle, which is where the package's programs are.
    static let directory: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().path
    }()

    static func warren(_ arguments: String...) async throws -> ChildProcess.Completion {
        try await ChildProcess.run(["\(directory)/warren"] + arguments)
    }

    static func sampleText(_ name: String) throws -> String {
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return try String(contentsOf: root.appending(path: "Inventory/\(name)"), encoding: .utf8)
    }

    /// The text of an inventory under another mesh name, so that a lab that somebody has up is left alone.
    static func renamed(_ text: String, mesh: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("mesh:") ? "mesh: \(mesh)" : String($0) }
            .joined(separator: "\n")
    }

    /// A temporary file that holds `text`; the caller removes it.
    static func write(_ text: String, name: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(getpid()).yaml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// The network devices of this machine's own namespace.
    static func rootDevices() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net").sorted()
    }
}
