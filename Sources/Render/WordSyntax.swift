/// Lines of words for formats in which blanks separate words, and in which no allowed word needs quoting.
///
/// What a plan may hold today are names, numbers and addresses; whatever else should ever come is refused, not guessed at.
struct WordSyntax {
    /// For messages: `ipfw`, `setkey`, …
    let format: String

    /// The words of one line, which are separated by single blanks; each word is checked.
    func line(_ text: String) throws(RenderError) -> String {
        for word in text.split(separator: " ", omittingEmptySubsequences: false) { try check(word) }
        return text
    }

    private func check(_ word: Substring) throws(RenderError) {
        guard !word.isEmpty, word.utf8.allSatisfy(Self.isPlain) else {
            throw RenderError(.syntax, "'\(word.filter { !$0.isNewline })' cannot be written in a file for \(format)")
        }
    }

    /// Letters, digits and `. : / , _ - [ ]`: neither quotes, nor expansions, nor comments, nor ends of statements.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: ","), UInt8(ascii: "_"), UInt8(ascii: "-"),
            UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
