/// Takes out of a text whatever has the form of a key or a token, wherever it came from.
public enum Redaction {
    public static let mark = "<redacted>"

    /// What looks like one: a stretch of some characters, at least so long, and what more is asked of it.
    private struct Form: Sendable {
        let least: Int
        let isMember: @Sendable (UInt8) -> Bool
        var isSecret: @Sendable (ArraySlice<UInt8>) -> Bool = { _ in true }
    }

    private static let forms: [Form] = [
        // Tokens of operators and of enrolment. The name of a link has 66 characters at most.
        Form(least: 80) { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") },
        // 32 bytes in hexadecimal digits.
        Form(least: 64) { isDigit($0) || (97...102).contains($0) || (65...70).contains($0) },
        // 30 bytes and more in base64; a path has seldom all three kinds in one part of such a length.
        Form(least: 40) {
            isLetterOrDigit($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/")
        } isSecret: { bytes in
            bytes.contains(where: isDigit) && bytes.contains { (97...122).contains($0) }
                && bytes.contains { (65...90).contains($0) }
        },
    ]

    public static func redacted(_ text: String) -> String {
        var bytes = Array(text.utf8), isChanged = false
        for form in forms {
            var result: [UInt8] = [], rest = bytes[...]
            result.reserveCapacity(bytes.count)
            while let start = rest.firstIndex(where: form.isMember) {
                let end = rest[start...].firstIndex { !form.isMember($0) } ?? rest.endIndex
                result += rest[..<start]
                let stretch = rest[start..<end]
                if stretch.count >= form.least, form.isSecret(stretch) {
                    result += mark.utf8
                    isChanged = true
                } else {
                    result += stretch
                }
                rest = rest[end...]
            }
            bytes = result + rest
        }
        return isChanged ? String(decoding: bytes, as: UTF8.self) : text
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (97...122).contains(byte) || (65...90).contains(byte)
    }
}
