import Foundation
import WarrenAPIModel
import WarrenController
import WarrenModel

/// A parameter of a route, in its query or its path. Handlers meet only values of its kind.
struct RouteParameter: Sendable {
    enum Kind: Sendable {
        case integer(ClosedRange<UInt64>)
        case oneOf([String])
        case site
        case link
        /// RFC 3339, with any offset.
        case moment
        /// An event's number, or a moment.
        case numberOrMoment
        /// The `next` of an earlier answer on a roll-out.
        case progressMark
        /// 1 to so many characters, printable ones of ASCII.
        case text(maximum: Int)
    }

    let name: String
    let isInPath: Bool
    let kind: Kind
    let summary: String
    let isRequired: Bool

    static func query(_ name: String, _ kind: Kind, _ summary: String, isRequired: Bool = false) -> RouteParameter {
        RouteParameter(name: name, isInPath: false, kind: kind, summary: summary, isRequired: isRequired)
    }

    /// Of the names in braces.
    static func inPath(_ path: String) -> [RouteParameter] {
        path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { part in
            let name = String(part.dropFirst().dropLast())
            let (kind, summary): (Kind, String) =
                switch name {
                case "site": (.site, "A site's name.")
                case "link": (.link, "A link: its sites' names in order, `berlin--tokyo`.")
                case "generation": (.integer(0...UInt64.max), "A generation's number.")
                default: (.text(maximum: 64), "Which one.")
                }
            return RouteParameter(name: name, isInPath: true, kind: kind, summary: summary, isRequired: true)
        }
    }

    func admits(_ text: String) -> Bool {
        switch kind {
        case .integer(let range): Self.number(text).map(range.contains) ?? false
        case .oneOf(let values): values.contains(text)
        case .site: SiteName(text) != nil
        case .link: LinkID(codingKey: JSONSchema.Key(stringValue: text)) != nil
        case .moment: Self.moment(text) != nil
        case .numberOrMoment: Self.number(text) != nil || Self.moment(text) != nil
        case .progressMark: Controller.ProgressMark(text) != nil
        case .text(let maximum):
            (1...maximum).contains(text.utf8.count) && text.utf8.allSatisfy { (33...126).contains($0) }
        }
    }

    /// What it must be, after "is not".
    var expectation: String {
        switch kind {
        case .integer(let range) where range.upperBound == .max: "a number from \(range.lowerBound)"
        case .integer(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .oneOf(let values): "one of \(values.joined(separator: ", "))"
        case .site: "a site's name"
        case .link: "a link: two sites' names in order, like berlin--tokyo"
        case .moment: "a time like 2026-01-31T12:00:00Z"
        case .numberOrMoment: "a number, or a time like 2026-01-31T12:00:00Z"
        case .progressMark: "the 'next' of an earlier answer"
        case .text(let maximum): "1 to \(maximum) printable characters"
        }
    }

    var schema: JSONSchema {
        switch kind {
        case .integer(let range): .integer(minimum: Int64(clamping: range.lowerBound), maximum: range.upperBound)
        case .oneOf(let values): .values(values)
        case .site: .string(.init(pattern: SiteName.textPattern, maximumLength: 32, example: "berlin"))
        case .link: .string(.init(pattern: LinkID.namePattern, maximumLength: 66, example: "berlin--tokyo"))
        case .moment: .string(.init(format: "date-time", example: "2026-01-31T12:00:00Z"))
        case .numberOrMoment:
            .anyOf([.integer(minimum: 0, maximum: .max), .string(.init(format: "date-time", example: "2026-01-31T12:00:00Z"))])
        case .progressMark: .string(.init(pattern: #"^[0-9]{1,18}\.[0-9]{1,18}$"#))
        case .text(let maximum): .string(.init(pattern: "^[!-~]+$", maximumLength: maximum))
        }
    }

    /// Digits alone: `UInt64` would take a sign, too.
    private static func number(_ text: String) -> UInt64? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(text) : nil
    }

    static func moment(_ text: String) -> Date? {
        guard text.utf8.count <= 40 else { return nil }
        return (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}
