/// What one program knows of itself under one name, for whoever looks for a fault of it: JSON or lines of text. What has the form
/// of a secret is taken out of it, and so is what would steer a terminal.
public struct Fact: Sendable, Hashable {
    /// A file's name: lower-case letters, digits, hyphens, and one dot.
    public let name: String
    public let text: String

    /// So much of it is told; of a longer text, the end.
    public static let longestText = 256 << 10
    /// So many facts of one program are told.
    public static let most = 16

    /// Nil when that is no name.
    public init?(name: String, text: String) {
        guard Self.isName(name) else { return nil }
        self.name = name
        let plain = text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }
        let text = Redaction.redacted(String(String.UnicodeScalarView(plain)))
        self.text =
            text.utf8.count <= Self.longestText ? text : String(decoding: text.utf8.suffix(Self.longestText), as: UTF8.self)
    }

    private static func isName(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 32
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
            }
    }
}
