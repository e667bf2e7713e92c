/// One section of swanctl.conf.
struct SettingsSection {
    var name: String
    var line: Int
    var settings: [Setting] = []
    var sections: [SettingsSection] = []

    struct Setting {
        var key: String
        var value: String
        var line: Int
    }

    /// The last that was said, as strongSwan takes it.
    func value(_ key: String) -> Setting? { settings.last { $0.key == key } }
    func section(_ name: String) -> SettingsSection? { sections.last { $0.name == name } }
}

/// Reads strongSwan's settings: `name { … }`, `key = value` up to the line's end, comments from `#`, quoted values, `include`.
/// Linear in the text, and no deeper than `ImportLimits.depth`.
struct SettingsReader {
    private(set) var root = SettingsSection(name: "", line: 1)
    /// What could not be read, with its line.
    private(set) var faults: [(line: Int, what: String)] = []
    private var bytes: ArraySlice<UInt8>
    private var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)[...]
        var open = [root]
        while let byte = next() {
            if byte == UInt8(ascii: "}") {
                advance()
                guard open.count > 1, let ended = open.popLast() else {
                    faults.append((line, "a '}' that ends nothing"))
                    break
                }
                open[open.count - 1].sections.append(ended)
                continue
            }
            let start = line
            let key = token { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "}") }
            switch bytes.first {
            case UInt8(ascii: "=") where !key.isEmpty:
                advance()
                open[open.count - 1].settings.append(.init(key: key, value: value(), line: start))
            case UInt8(ascii: "{") where !key.isEmpty:
                advance()
                if open.count > ImportLimits.depth {
                    faults.append((start, "sections nested more than \(ImportLimits.depth) levels deep"))
                    bytes = []
                    break
                }
                // `name : other` takes over what another section says.
                let names = key.split(separator: ":", maxSplits: 1).map { $0.split(separator: " ").joined(separator: " ") }
                if names.count > 1 { faults.append((start, "what \(printable(names[0])) takes over from another section")) }
                open.append(SettingsSection(name: names.first ?? key, line: start))
            default:
                // Not named: it may be a piece of a secret.
                faults.append((start, "a line that is neither a setting nor a section"))
                if key.isEmpty { advance() }
            }
            if faults.count > 20 { break }
        }
        if open.count > 1 { faults.append((line, "a section without its '}'")) }
        while open.count > 1, let ended = open.popLast() { open[open.count - 1].sections.append(ended) }
        root = open.first ?? root
    }

    private mutating func advance() {
        if bytes.popFirst() == UInt8(ascii: "\n") { line += 1 }
    }

    /// The next byte that is neither space nor comment.
    private mutating func next() -> UInt8? {
        while let byte = bytes.first {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
            case UInt8(ascii: "#"): skipLine()
            default: return byte
            }
        }
        return nil
    }

    private mutating func skipLine() {
        while let byte = bytes.first, byte != UInt8(ascii: "\n") { advance() }
    }

    /// The text up to the line's end or a byte that ends it, without the spaces around it.
    private mutating func token(until ends: (UInt8) -> Bool) -> String {
        var text: [UInt8] = []
        while let byte = bytes.first, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "#"), !ends(byte) {
            text.append(byte)
            advance()
        }
        return trimmed(text)
    }

    private mutating func value() -> String {
        while let byte = bytes.first, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
        guard bytes.first == UInt8(ascii: "\"") else { return token { $0 == UInt8(ascii: "}") } }
        advance()
        var text: [UInt8] = []
        while let byte = bytes.first, byte != UInt8(ascii: "\"") {
            advance()
            if byte == UInt8(ascii: "\\"), let escaped = bytes.first {
                text.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
                advance()
            } else {
                text.append(byte)
            }
        }
        advance()
        return String(decoding: text, as: UTF8.self)
    }

    private func trimmed(_ text: [UInt8]) -> String {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") }
        let end = text.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? 0
        return String(decoding: text[..<end].drop(while: isSpace), as: UTF8.self)
    }
}
