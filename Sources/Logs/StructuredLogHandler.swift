import FoundationEssentials
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// Log lines in one of the formats, one write(2) each, to standard error. No text from elsewhere makes a line, or a field, of its
/// own.
public struct StructuredLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let label: String?
    private let format: LogFormat
    private let time: Bool

    /// - Parameter label: nil: lines do not say who writes.
    public init(label: String? = nil, format: LogFormat = .logfmt, level: Logger.Level = .info, time: Bool = false) {
        self.label = label
        self.format = format
        self.time = time
        logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let line = line(
            event.level, event.message, metadata.merging(event.metadata ?? [:]) { $1 }, at: time ? Date() : nil)
        _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        LogTail.process.add(line)
    }

    func line(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata, at: Date? = nil) -> String {
        var fields: [(String, String)] = []
        if let at { fields.append(("time", at.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))) }
        fields.append(("level", "\(level)"))
        if let label { fields.append(("logger", label)) }
        fields.append(("msg", "\(message)"))
        let taken = Set(fields.map(\.0))
        // What is said beside the message never takes the place of what every line says.
        fields += metadata.sorted { $0.key < $1.key }.map { (taken.contains($0.key) ? "\($0.key)_" : $0.key, "\($0.value)") }
        switch format {
        case .logfmt: return fields.map { "\($0.0)=\(Self.logfmt($0.1))" }.joined(separator: " ") + "\n"
        case .json:
            return "{" + fields.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}\n"
        }
    }

    /// Quotes what holds anything but plain visible characters.
    private static func logfmt(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 61 && $0 != 92 }
        return isPlain ? text : quoted(text)
    }

    /// As a JSON string (RFC 8259, section 7).
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": return "\\\""
            case "\\": return "\\\\"
            case "\n": return "\\n"
            default:
                guard scalar.value < 32 || scalar.value == 127 else { return String(scalar) }
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}
