import Dispatch
import Foundation
import Glibc

/// The whole terminal, lent for a while: another screen without a cursor, and keys as they are pressed. However the program
/// leaves, the terminal is as before.
final class Screen {
    /// What happens to it.
    enum Event: Sendable, Hashable {
        case key(Key)
        case resized
        /// A signal that asks the program to end, or the end of the keys.
        case ended(status: Int32)
    }

    let events: AsyncStream<Event>
    private let loan: Loan
    private let input: any DispatchSourceRead
    private let signals: [any DispatchSourceSignal]

    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT]
    private static let queue = DispatchQueue(label: "screen")

    /// Nil where standard input or output is no terminal.
    init?() {
        var before = termios()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        self.events = events
        let loan = Loan(before: before, events: continuation)
        self.loan = loan
        input = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: Self.queue)
        signals = Self.numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: Self.queue)
            source.setEventHandler { @Sendable in loan.heard(number) }
            source.resume()
            return source
        }
        input.setEventHandler { @Sendable in loan.read() }
        input.resume()
        loan.take()
    }

    /// Gives the terminal back.
    func close() {
        Self.queue.sync {
            input.cancel()
            for (source, number) in zip(signals, Self.numbers) {
                source.cancel()
                signal(number, SIG_DFL)
            }
            loan.giveBack()
        }
        loan.events.finish()
    }

    var size: (rows: Int, columns: Int) { Terminal.size(of: STDOUT_FILENO) ?? (24, 80) }

    /// Shows these lines from the top, and nothing else.
    func draw(_ lines: [String]) {
        let text = lines.map { $0 + "\u{1B}[0m\u{1B}[K" }.joined(separator: "\r\n")
        Loan.write("\u{1B}[H" + text + "\u{1B}[J")
    }
}

/// What is changed of the terminal, and how it was.
private struct Loan: Sendable {
    let before: termios
    let events: AsyncStream<Screen.Event>.Continuation

    /// The alternate screen, no cursor, no wrapping of lines; and back (xterm's private modes 1049, 25 and 7).
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l", leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    func take() {
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        Self.write(Self.enter)
    }

    func giveBack() {
        Self.write(Self.leave)
        var before = before
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    func heard(_ number: Int32) {
        switch number {
        case SIGWINCH: events.yield(.resized)
        case SIGTSTP:
            giveBack()
            raise(SIGSTOP)
        case SIGCONT:
            take()
            events.yield(.resized)
        default: events.yield(.ended(status: 128 + number))
        }
    }

    func read() {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        guard count > 0 else {
            if count == 0 || (errno != EINTR && errno != EAGAIN) { events.yield(.ended(status: 128 + SIGHUP)) }
            return
        }
        for key in Key.read(bytes.prefix(count)) { events.yield(.key(key)) }
    }

    static func write(_ text: String) { _ = Terminal.write(text, to: STDOUT_FILENO) }
}
