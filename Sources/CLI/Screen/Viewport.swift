/// The part of a text that a screen shows. Pure.
struct Viewport: Sendable, Hashable {
    private(set) var top = 0
    private(set) var left = 0
    private static let stride = 8

    /// Moves by a key, within `lines` of `width` characters; `rows` and `columns` are the screen's.
    mutating func move(_ key: Key, lines: Int, width: Int, rows: Int, columns: Int) {
        switch key {
        case .up: top -= 1
        case .down: top += 1
        case .pageUp: top -= max(1, rows - 1)
        case .pageDown: top += max(1, rows - 1)
        case .top: top = 0
        case .bottom: top = lines
        case .left: left -= Self.stride
        case .right: left += Self.stride
        case .quit, .character: break
        }
        fit(lines: lines, width: width, rows: rows, columns: columns)
    }

    /// Stays where there is something to see, also when the text or the screen shrinks.
    mutating func fit(lines: Int, width: Int, rows: Int, columns: Int) {
        top = min(max(0, top), max(0, lines - rows))
        left = min(max(0, left), max(0, width - columns))
    }

    /// What is visible of `lines`, each cut to the screen's width.
    func visible(_ lines: [String], rows: Int, columns: Int) -> [String] {
        lines.dropFirst(top).prefix(max(0, rows)).map { Self.cut($0, from: left, columns) }
    }

    /// `count` characters of a line from the given one on. Sequences that set colours (SGR) take no room, and all of them are
    /// kept.
    static func cut(_ line: String, from start: Int, _ count: Int) -> String {
        var text = "", place = 0
        var rest = line[...]
        while let character = rest.popFirst() {
            if character == "\u{1B}" {
                let end = rest.firstIndex(of: "m").map { rest.index(after: $0) } ?? rest.endIndex
                text += String(character) + rest[..<end]
                rest = rest[end...]
                continue
            }
            if place >= start, place < start + count { text.append(character) }
            place += 1
        }
        return text
    }

    /// How many characters of a line take room.
    static func width(of line: String) -> Int {
        var count = 0, isSequence = false
        for character in line {
            if character == "\u{1B}" { isSequence = true }
            if !isSequence { count += 1 }
            if character == "m" { isSequence = false }
        }
        return count
    }
}
