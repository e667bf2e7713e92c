import CBuild
import WarrenModel

/// What a program was built from, as far as the build was told: `make` tells it, a plain `swift build` does not.
public struct Build: Sendable, Hashable, Codable {
    public let version: String
    /// The commit, with `-modified` when files differed from it; nil when the build was not told.
    public let commit: String?
    /// The Swift compiler's version, at least its first two numbers.
    public let swift: String

    public static let current = Build(
        version: ProgramVersion.text, commit: told(warren_build_commit()), swift: told(warren_build_compiler()) ?? language)

    /// What `--version` prints: `0.1.0 (commit 1a2b3c4, Swift 6.3)`.
    public var line: String {
        let parts = [commit.map { "commit \($0)" }, "Swift \(swift)"].compactMap(\.self)
        return "\(version) (\(parts.joined(separator: ", ")))"
    }

    private static func told(_ text: UnsafePointer<CChar>?) -> String? {
        guard let text else { return nil }
        let string = String(cString: text)
        return string.isEmpty ? nil : string
    }

    private static var language: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #elseif compiler(>=6.2)
            "6.2"
        #else
            "6.1"
        #endif
    }
}
