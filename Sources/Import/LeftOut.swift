/// Something that the gateways have and the inventory does not.
public struct LeftOut: Sendable, Hashable, Codable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var what: String

    public var description: String { "\(file):\(line): not carried over: \(what)" }
}

/// Gathers what is left out, `ImportLimits.remarks` at most, so that no text makes the list huge.
struct LeftOutList {
    private(set) var items: [LeftOut] = []
    private var isFull = false

    mutating func add(_ file: String, _ line: Int, _ what: String) {
        guard !isFull else { return }
        if items.count >= ImportLimits.remarks {
            isFull = true
            items.append(LeftOut(file: file, line: line, what: "this and more that is not named"))
        } else {
            items.append(LeftOut(file: file, line: line, what: what))
        }
    }

    mutating func add(_ source: Source, _ what: String) { add(source.file, source.line, what) }
}

/// A line of a gateway's file.
struct Source: Hashable {
    var file: String
    var line: Int
}

/// What an import reads at most.
public enum ImportLimits {
    /// UTF-8 bytes of one gateway's files: 1 MiB.
    public static let folderBytes = 1 << 20
    /// Sections of swanctl.conf inside each other.
    public static let depth = 16
    /// Tunnels, routes and networks of one gateway, each.
    public static let facts = 4096
    /// Things left out that are named.
    public static let remarks = 1000
}

/// The operator's text in quotes, safe for a terminal and a comment: printable ASCII, 64 characters at most.
func printable(_ text: some StringProtocol) -> String {
    let shown = text.unicodeScalars.prefix(64).map { scalar -> String in
        (0x20...0x7e).contains(scalar.value) ? String(scalar) : "\\u{" + String(scalar.value, radix: 16) + "}"
    }
    return "'" + shown.joined() + (text.unicodeScalars.count > 64 ? "…'" : "'")
}
