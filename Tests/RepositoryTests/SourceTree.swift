import Foundation

/// The repository's own Swift files, read as text.
struct SourceTree {
    struct File {
        /// Path from the repository's root.
        let path: String
        let lines: [Substring]

        /// The modules that the file imports, attributes and access levels aside.
        var imports: Set<String> {
            Set(
                lines.compactMap { line in
                    let levels: Set<Substring> = ["public", "internal", "package", "private"]
                    let words = line.split(separator: " ").filter { !$0.hasPrefix("@") && !levels.contains($0) }
                    guard words.first == "import", words.count > 1 else { return nil }
                    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
                    let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
                    return name.split(separator: ".").first.map(String.init)
                })
        }

        var isGenerated: Bool { path.hasSuffix(".pb.swift") || path.hasSuffix(".grpc.swift") }
    }

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file below `folder`, generated ones left out.
    static func files(in folder: String) throws -> [File] {
        let base = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil) else { return [] }
        return try walk.compactMap { $0 as? URL }
            .filter { $0.pathExtension == "swift" }
            .map { url in
                let text = try String(contentsOf: url, encoding: .utf8)
                let path = String(url.path.dropFirst(root.path.count).drop { $0 == "/" })
                return File(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
            }
            .filter { !$0.isGenerated }
            .sorted { $0.path < $1.path }
    }
}
