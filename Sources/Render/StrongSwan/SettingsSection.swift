/// A section of strongSwan's settings format: `name { key = value … }`, one setting per line.
struct SettingsSection {
    let name: String
    var settings: [(key: String, value: String)] = []
    var sections: [SettingsSection] = []

    func lines(indent: String = "") throws(RenderError) -> [String] {
        var lines = ["\(indent)\(try Self.checked(name)) {"]
        for (key, value) in settings {
            lines.append("\(indent)    \(try Self.checked(key)) = \(try Self.syntax.line(value))")
        }
        for section in sections { lines += try section.lines(indent: indent + "    ") }
        return lines + ["\(indent)}"]
    }

    private static let syntax = WordSyntax(format: "strongSwan")

    /// Letters, digits, `-` and `_`: a dot would be a path, a colon a reference, and `include` a statement.
    private static func checked(_ name: String) throws(RenderError) -> String {
        let isPlain = name.utf8.allSatisfy { WordSyntax.isPlain($0) && !".:/,[]".utf8.contains($0) }
        guard !name.isEmpty, name != "include", isPlain else {
            throw RenderError(.syntax, "'\(name.filter { !$0.isNewline })' cannot be the name of a setting of strongSwan")
        }
        return name
    }
}
