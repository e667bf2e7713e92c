/// A page of metrics in the text format of Prometheus (exposition format 0.0.4): families in the order of their first sample.
/// Pure.
public struct MetricsPage: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public enum Kind: String, Sendable { case counter, gauge }

    private struct Family {
        let head: String
        var lines: [String] = []
    }

    private var order: [String] = []
    private var families: [String: Family] = [:]

    public init() {}

    /// Adds one sample.
    ///
    /// - Parameters:
    ///   - name: in base units, of letters, digits and underscores; a counter's ends in `_total`.
    ///   - help: one sentence without its full stop.
    ///   - labels: in the order in which they are told.
    public mutating func add(
        _ kind: Kind, _ name: String, _ help: String, _ value: Double, labels: KeyValuePairs<String, String> = [:]
    ) {
        if families[name] == nil {
            order.append(name)
            families[name] = Family(head: "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(kind.rawValue)\n")
        }
        let list = labels.map { "\($0.key)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        families[name]?.lines.append(name + (list.isEmpty ? "" : "{\(list)}") + " " + Self.text(value) + "\n")
    }

    public mutating func gauge(
        _ name: String, _ help: String, _ value: Double, labels: KeyValuePairs<String, String> = [:]
    ) { add(.gauge, name, help, value, labels: labels) }

    public mutating func counter(
        _ name: String, _ help: String, _ value: Double, labels: KeyValuePairs<String, String> = [:]
    ) { add(.counter, name, help, value, labels: labels) }

    public var text: String {
        order.compactMap { families[$0] }.map { $0.head + $0.lines.joined() }.joined()
    }

    private static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Counters of bytes as whole numbers, as far as these are exact.
        return value == value.rounded() && abs(value) < 9e15 ? String(Int64(value)) : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
