import Foundation
import Glibc

/// A terminal without a person: what a program shows is read, and what is typed is written.
final class PseudoTerminal {
    private let leader: Int32
    private let follower: Int32

    struct Failure: Error { let message: String }

    init(rows: UInt16, columns: UInt16) throws {
        leader = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var number: Int32 = 0, isLocked: Int32 = 0
        // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2), which Glibc's module leaves out.
        guard leader >= 0, ioctl(leader, 0x4004_5431, &isLocked) == 0, ioctl(leader, 0x8004_5430, &number) == 0 else {
            throw Failure(message: "no pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        follower = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard follower >= 0 else { throw Failure(message: "cannot open /dev/pts/\(number)") }
        resize(rows: rows, columns: columns)
    }

    deinit {
        close(leader)
        close(follower)
    }

    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(leader, UInt(TIOCSWINSZ), &size)
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = arguments
        process.environment = Program.plainEnvironment.merging(["TERM": "xterm"]) { $1 }.merging(environment) { $1 }
        let handle = FileHandle(fileDescriptor: follower, closeOnDealloc: false)
        process.standardInput = handle
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return process
    }

    /// The flags of the terminal's line discipline.
    func settings() throws -> [tcflag_t] {
        var settings = termios()
        guard tcgetattr(follower, &settings) == 0 else { throw Failure(message: "tcgetattr: \(errno)") }
        return [settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag]
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(leader, bytes, bytes.count)
    }

    private var pending = ""

    /// What was shown up to and with `text`; fails when it does not come within 20 s.
    func read(until text: String) throws -> String {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            if let range = pending.range(of: text) {
                let shown = String(pending[..<range.upperBound])
                pending = String(pending[range.upperBound...])
                return shown
            }
            var entry = pollfd(fd: leader, events: Int16(POLLIN), revents: 0)
            guard ContinuousClock.now < deadline, poll(&entry, 1, 1000) >= 0 else {
                throw Failure(message: "'\(text)' did not come; shown so far: \(pending.debugDescription)")
            }
            guard entry.revents != 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 65536)
            let count = Glibc.read(leader, &bytes, bytes.count)
            guard count > 0 else { throw Failure(message: "the terminal is gone; shown so far: \(pending.debugDescription)") }
            pending += String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }
}
