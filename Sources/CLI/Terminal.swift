import Foundation
import Glibc
import Yams

/// Data goes to standard output; what is meant for the person who waits goes to standard error.
enum Terminal {
    static func show(_ text: String) {
        show(piece: text.isEmpty || text.hasSuffix("\n") ? text : text + "\n")
    }

    /// A part of what is shown, without a line end of its own.
    static func show(piece: String) { show(piece: Array(piece.utf8)) }

    static func show(piece: [UInt8]) {
        let failure = write(piece, to: STDOUT_FILENO)
        guard failure != 0 else { return }
        // A reader that has had enough, as `head` has, is no fault to speak of.
        if failure == EPIPE { exit(128 + SIGPIPE) }
        complain("cannot write the output: \(String(cString: strerror(failure)))")
        exit(ExitStatus.adapted(ExitStatus.unusable, to: CommandLine.arguments))
    }

    /// For the person who waits; nothing with --quiet.
    static func note(_ line: String) {
        guard !manners.withLock(\.isQuiet) else { return }
        _ = write(line + "\n", to: STDERR_FILENO)
    }

    /// The error number of a write that failed; 0 once all is written. Never traps, whatever the descriptor is.
    static func write(_ text: String, to descriptor: Int32) -> Int32 { write(Array(text.utf8), to: descriptor) }

    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
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

    /// What went wrong, whoever wants to hear it.
    static func complain(_ message: String) { fault("warren: \(message)") }

    /// The same, of what names its own place, as a fault of an inventory does.
    static func fault(_ line: String) { _ = write(line + "\n", to: STDERR_FILENO) }

    /// A value as JSON, keys in order, the same bytes for the same value.
    static func show(json value: some Encodable) throws { show(try json(value)) }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The same in one line.
    static func jsonLine(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static var inputIsTerminal: Bool { isatty(0) == 1 }

    /// Asks a question that only `y` or `yes` answers with yes.
    static func confirm(_ question: String) -> Bool {
        _ = write("\(question) [y/N] ", to: STDERR_FILENO)
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }
}

extension Terminal {
    /// The same value as YAML, keys in order.
    static func show(yaml value: some Encodable) throws {
        let encoder = YAMLEncoder()
        encoder.options.sortKeys = true
        encoder.options.allowUnicode = true
        show(try encoder.encode(value))
    }

    /// How many characters fit beside each other on standard output; nil when it is no terminal.
    static var columns: Int? { size(of: STDOUT_FILENO)?.columns }

    static func size(of descriptor: Int32) -> (rows: Int, columns: Int)? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return nil
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
