import Foundation
import Glibc

/// Data goes to standard output; what is meant for the person who waits goes to standard error.
enum Terminal {
    static func show(_ text: String) {
        let complete = text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
        FileHandle.standardOutput.write(Data(complete.utf8))
    }

    static func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

    static func complain(_ message: String) { note("warren: \(message)") }

    /// A value as JSON, keys in order, the same bytes for the same value.
    static func show(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        show(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static var inputIsTerminal: Bool { isatty(0) == 1 }

    /// Asks a question that only `y` or `yes` answers with yes.
    static func confirm(_ question: String) -> Bool {
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    /// Whether standard output takes colour (https://no-color.org).
    static var usesColour: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(1) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }
}
