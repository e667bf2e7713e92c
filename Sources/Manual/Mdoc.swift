/// A page while it is written, in mdoc(7).
struct Mdoc {
    private var lines: [String] = []

    init(name: String, section: Int, edition: Manual.Edition) {
        lines = [
            ".Dd \(Self.escaped(edition.date))", ".Dt \(name.uppercased()) \(section)", ".Os \(Self.escaped(edition.system))",
        ]
    }

    var finished: String { lines.map { $0 + "\n" }.joined() }

    mutating func heading(_ title: String) { lines.append(".Sh \(title)") }

    mutating func title(_ name: String, abstract: String) {
        let sentence = abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract
        lines += [".Sh NAME", ".Nm \(name)", ".Nd \(Self.escaped(sentence))"]
    }

    mutating func synopsis(_ command: CommandHelp, path: [String]) {
        lines.append(".Nm \(path.joined(separator: " "))")
        if !command.options.isEmpty { lines.append(".Op Ar options") }
        for operand in command.operands {
            let name = Self.escaped(operand.valueName ?? "value") + (operand.isRepeating == true ? " ..." : "")
            lines.append(operand.isOptional == true ? ".Op Ar \(name)" : ".Ar \(name)")
        }
        if !command.commands.isEmpty { lines += [".Ar command", ".Op Ar arguments"] }
    }

    /// A command that has no page of its own: its options but those that all of its siblings share.
    mutating func command(_ command: CommandHelp, path: [String]) {
        lines.append(".Ss \(Self.escaped((path + [command.commandName]).joined(separator: " ")))")
        text(command.abstract ?? "")
        text(command.discussion ?? "")
        let operands = command.operands.map { ("Ar \(Self.escaped($0.valueName ?? "value"))", $0.explanation) }
        list(operands + command.options.filter { $0.sectionTitle == nil }.map { ($0.term, $0.explanation) })
        for nested in command.commands { self.command(nested, path: path + [command.commandName]) }
    }

    /// The options, those of a titled group under their title.
    mutating func options(_ options: [ArgumentHelp], title: String) {
        guard !options.isEmpty else { return }
        heading(title)
        list(options.filter { $0.sectionTitle == nil }.map { ($0.term, $0.explanation) })
        var titles: [String] = []
        for title in options.compactMap(\.sectionTitle) where !titles.contains(title) { titles.append(title) }
        for title in titles {
            lines.append(".Ss \(Self.escaped(title))")
            list(options.filter { $0.sectionTitle == title }.map { ($0.term, $0.explanation) })
        }
    }

    mutating func list(_ items: [(term: String, text: String)]) {
        guard !items.isEmpty else { return }
        lines.append(".Bl -tag -width Ds")
        for item in items {
            lines.append(".It \(item.term)")
            lines += Self.sentences(item.text.isEmpty ? "As the name says." : item.text)
        }
        lines.append(".El")
    }

    mutating func references(_ names: [String], section: Int) {
        for (index, name) in names.enumerated() {
            lines.append(".Xr \(name) \(section)" + (index < names.count - 1 ? " ," : ""))
        }
    }

    /// Paragraphs; lines that are indented stay as they are, and a line in capitals is a heading.
    mutating func text(_ text: String) {
        var needsBreak = !(lines.last?.hasPrefix(".S") ?? true)
        for block in Self.blocks(of: text) {
            if block.isLiteral {
                lines.append(".Bd -literal -offset indent")
                lines += block.lines.map { Self.line(String($0.dropFirst(2))) }
                lines.append(".Ed")
                needsBreak = true
            } else if block.lines.count == 1, block.lines[0].allSatisfy({ $0.isUppercase || $0 == " " }) {
                lines.append(".Ss \(Self.escaped(String(block.lines[0])))")
                needsBreak = false
            } else {
                if needsBreak { lines.append(".Pp") }
                lines += block.lines.flatMap { Self.sentences(String($0)) }
                needsBreak = true
            }
        }
    }

    /// Lines that belong together; a heading, and what is indented, are blocks of their own.
    private static func blocks(of text: String) -> [(isLiteral: Bool, lines: [Substring])] {
        var blocks: [(isLiteral: Bool, lines: [Substring])] = [], isOpen = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isLiteral = line.hasPrefix("  ")
            if line.isEmpty {
                isOpen = false
            } else if isLiteral, blocks.last?.isLiteral == true {
                blocks[blocks.count - 1].lines += (isOpen ? [] : [""]) + [line]
                isOpen = true
            } else if isOpen, blocks.last?.isLiteral == isLiteral {
                blocks[blocks.count - 1].lines.append(line)
            } else {
                blocks.append((isLiteral, [line]))
                isOpen = true
            }
        }
        return blocks
    }

    /// Each sentence on a line of its own, as mdoc wants it.
    static func sentences(_ text: String) -> [String] {
        var sentences: [String] = [], current = ""
        let words = text.split(separator: " ")
        for (index, word) in words.enumerated() {
            current += (current.isEmpty ? "" : " ") + word
            let isEnd = word.count > 1 && [".", "?", "!"].contains(where: { word.hasSuffix($0) || word.hasSuffix($0 + ")") })
            guard isEnd, index + 1 < words.count else { continue }
            sentences.append(line(current))
            current = ""
        }
        return current.isEmpty ? sentences : sentences + [line(current)]
    }

    /// A line of text that is no request, whatever it begins with.
    static func line(_ text: String) -> String {
        let escaped = escaped(text)
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    /// Backslashes stand for themselves, and hyphens can be copied.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "\"": escaped += "\\(dq"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
