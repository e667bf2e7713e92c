/// The name of a rule, as it stands in brackets in a diagnostic: `network-overlap`.
public struct RuleID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }
}

/// A place in an inventory file; lines and columns count from 1.
public struct SourceLocation: Sendable, Hashable, Codable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
    public var description: String { "\(file):\(line):\(column)" }
}

/// One fault in an inventory: what rule, where, against what, and what to do.
public struct Diagnostic: Sendable, Hashable, Codable, CustomStringConvertible {
    public var rule: RuleID
    public var location: SourceLocation
    public var message: String
    /// The other offender's place, when the fault lies between two.
    public var related: SourceLocation?
    public var remedy: String?

    public init(
        rule: RuleID, location: SourceLocation, message: String, related: SourceLocation? = nil, remedy: String? = nil
    ) {
        self.rule = rule
        self.location = location
        self.message = message
        self.related = related
        self.remedy = remedy
    }

    /// `file:line:column: error[rule]: message`, then the related place and the remedy on lines of their own.
    public var description: String {
        var lines = ["\(location): error[\(rule)]: \(message)"]
        if let related { lines.append("  other: \(related)") }
        if let remedy { lines.append("  remedy: \(remedy)") }
        return lines.joined(separator: "\n")
    }
}
