/// The assignments of a file that a shell reads, such as rc.conf: `NAME=value`, quotes of both kinds, backslashes, comments
/// and continued lines. Anything else of a shell's language is not run: its line is told.
struct ShellAssignments {
    struct Assignment {
        var name: String
        /// Nil when it takes a shell to know: it holds `$` or a back quote.
        var value: String?
        var line: Int
    }

    private(set) var assignments: [Assignment] = []
    /// Lines that hold something else, the first few of them.
    private(set) var otherLines: [Int] = []
    private var bytes: ArraySlice<UInt8>
    private var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)[...]
        while let byte = bytes.first {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: ";"): advance()
            case UInt8(ascii: "\n"): advance()
            case UInt8(ascii: "\\") where bytes.dropFirst().first == UInt8(ascii: "\n"):
                advance()
                advance()
            case UInt8(ascii: "#"): skipLine()
            default: statement()
            }
        }
    }

    private mutating func advance() {
        if bytes.popFirst() == UInt8(ascii: "\n") { line += 1 }
    }

    private mutating func skipLine() {
        while let byte = bytes.first, byte != UInt8(ascii: "\n") { advance() }
    }

    private mutating func statement() {
        let start = line
        var name: [UInt8] = []
        while let byte = bytes.first, Self.isNameByte(byte) {
            name.append(byte)
            advance()
        }
        guard !name.isEmpty, bytes.first == UInt8(ascii: "=") else {
            if otherLines.count < 20 { otherLines.append(start) }
            skipLine()
            return
        }
        advance()
        assignments.append(Assignment(name: String(decoding: name, as: UTF8.self), value: word(), line: start))
    }

    /// One word of the shell, its quotes taken off.
    private mutating func word() -> String? {
        var value: [UInt8] = []
        var quote: UInt8?
        var isKnown = true
        while let byte = bytes.first {
            switch (byte, quote) {
            case (UInt8(ascii: "'"), UInt8(ascii: "'")), (UInt8(ascii: "\""), UInt8(ascii: "\"")): quote = nil
            case (_, UInt8(ascii: "'")): value.append(byte)
            case (UInt8(ascii: "\\"), _):
                advance()
                guard let escaped = bytes.first else { break }
                if escaped != UInt8(ascii: "\n") { value.append(escaped) }
            case (UInt8(ascii: "$"), _), (UInt8(ascii: "`"), _): isKnown = false
            case (UInt8(ascii: "'"), nil), (UInt8(ascii: "\""), nil): quote = byte
            case (UInt8(ascii: " "), nil), (UInt8(ascii: "\t"), nil), (UInt8(ascii: "\n"), nil), (UInt8(ascii: "\r"), nil),
                (UInt8(ascii: ";"), nil):
                return isKnown ? String(decoding: value, as: UTF8.self) : nil
            default: value.append(byte)
            }
            advance()
        }
        // A quote that never ends: what follows it is not known.
        return isKnown && quote == nil ? String(decoding: value, as: UTF8.self) : nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
