import Foundation

/// What an operator asks of the mesh with the real command, and how long the answer takes, from its start to its end.
struct Questions {
    /// The path of `warren`.
    let program: String
    let socket: String

    private static let asked = [
        ["status"], ["status", "--check"], ["status", "--site", "site-7"], ["status", "-o", "json", "--links", "none"],
        ["status", "-o", "json"],
    ]

    /// Each question with the median of five answers.
    func ask() throws -> [(question: String, seconds: Double, bytes: Int)] {
        try Self.asked.map { arguments in
            let answers = try (0..<5).map { _ in try answer(arguments) }.sorted { $0.seconds < $1.seconds }
            let median = answers[answers.count / 2]
            return (arguments.joined(separator: " "), median.seconds, median.bytes)
        }
    }

    /// Into a file, as a script would have it.
    private func answer(_ arguments: [String]) throws -> (seconds: Double, bytes: Int) {
        let path = FileManager.default.temporaryDirectory.appending(path: "warren-answer-\(UUID().uuidString)").path
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
            throw LoadError("cannot make \(path)")
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments + ["--socket", socket]
        process.standardOutput = file
        let began = ContinuousClock.now
        try process.run()
        process.waitUntilExit()
        let taken = ContinuousClock.now - began
        guard process.terminationStatus == 0 else {
            throw LoadError("'warren \(arguments.joined(separator: " "))' ended with \(process.terminationStatus)")
        }
        return (taken.seconds, Int(try file.offset()))
    }
}
