import Logging

/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `level=info msg="…" key=value`.
    case logfmt
    /// One object a line: `{"level":"info","msg":"…","key":"value"}`.
    case json
}

extension Logger {
    /// A logger that writes structured lines to standard error.
    ///
    /// - Parameter time: whether lines say when: a service manager's journal knows it anyway.
    public init(label: String, format: LogFormat, level: Logger.Level, time: Bool) {
        self.init(label: label) { label in
            StructuredLogHandler(label: label, format: format, level: level, time: time)
        }
    }
}
