import Synchronization

/// The last lines that this process logged, for whoever looks for a fault later.
public final class LogTail: Sendable {
    /// What every `StructuredLogHandler` of the process writes into, too.
    public static let process = LogTail()

    private static let mostLines = 400
    private static let longestLine = 500
    private let lines = Mutex<[String]>([])

    public init() {}

    /// Takes a line with its end.
    public func add(_ line: String) {
        let line =
            line.utf8.count <= Self.longestLine
            ? line : String(decoding: line.utf8.prefix(Self.longestLine), as: UTF8.self) + "…\n"
        lines.withLock { lines in
            // In steps, so that not every line moves all of them.
            if lines.count >= Self.mostLines * 2 { lines.removeFirst(Self.mostLines) }
            lines.append(line)
        }
    }

    /// The oldest first.
    public var text: String { lines.withLock { $0.suffix(Self.mostLines).joined() } }
}
