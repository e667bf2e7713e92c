import Foundation
import Glibc

/// Data goes to standard output; what is meant for the person who waits goes to standard error.
enum Terminal {
    static func show(_ text: String) {
        show(piece: text.isEmpty || text.hasSuffix("\n") ? text : text + "\n")
    }

    /// A part of what is shown, without a line end of its own.
    static func show(piece: String) {
        let failure = write(piece, to: STDOUT_FILENO)
        guard failure != 0 else { return }
        // A reader that has had enough, as `head` has, is no fault to speak of.
        if failure == EPIPE { exit(128 + SIGPIPE) }
        complain("cannot write the output: \(String(cString: strerror(failure)))")
        exit(Warren.exitStatus(2))
    }

    static func note(_ line: String) { _ = write(line + "\n", to: STDERR_FILENO) }

    /// The error number of a write that failed; 0 once all is written. Never traps, whatever the descriptor is.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                done += count
            } else if errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    static func complain(_ message: String) { note("warren: \(message)") }

    /// A value as JSON, keys in order, the same bytes for the same value.
    static func show(json value: some Encodable) throws { show(try json(value)) }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static var inputIsTerminal: Bool { isatty(0) == 1 }

    /// Asks a question that only `y` or `yes` answers with yes.
    static func confirm(_ question: String) -> Bool {
        _ = write("\(question) [y/N] ", to: STDERR_FILENO)
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    /// Whether standard output takes colour (https://no-color.org).
    static var usesColour: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(1) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }
}
