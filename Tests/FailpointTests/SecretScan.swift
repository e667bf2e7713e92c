import Foundation
import Testing

@testable import AgentRuntime

/// Looks for the bytes of keys where none may be.
struct SecretScan {
    /// Files that hold keys, each its owner's alone; also under the name that they have while they are written.
    private static let keyFiles: Set<String> = [
        "desired.bin", "previous.bin", "trial.bin", "mesh-secret", "ca.key", "identity.json", "api-token",
        "backup",
    ]

    private var needles: Set<Data> = []

    /// The mesh's secret, the authority's key, and the pre-shared keys of the gateways' last good states.
    init(controllerState: String, agentStates: [String] = []) throws {
        if let secret = FileManager.default.contents(atPath: "\(controllerState)/mesh-secret") { add(Array(secret)) }
        if let key = FileManager.default.contents(atPath: "\(controllerState)/ca.key") {
            let lines = key.split(separator: UInt8(ascii: "\n"))
            if lines.count > 2 { needles.insert(Data(lines[1])) }
        }
        for folder in agentStates {
            guard case .state(let state) = try LastGoodState(directory: .init(path: folder)).load() else { continue }
            for key in state.keys.values { add(key.secret.withBytes { Array($0) }) }
        }
    }

    var isEmpty: Bool { needles.isEmpty }

    /// As bytes, in hexadecimal digits, in base64, and as Swift prints an array.
    private mutating func add(_ secret: [UInt8]) {
        needles.insert(Data(secret))
        needles.insert(Data(secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined().utf8))
        needles.insert(Data(Data(secret).base64EncodedString().utf8))
        needles.insert(Data(secret.map(String.init).joined(separator: ", ").utf8))
    }

    /// The files below `folder` that hold a key and must not, or that others may read.
    func findings(below folder: String) throws -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return try names.compactMap { name in
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            if status.st_mode & 0o077 != 0 { return "\(name) is open to others" }
            guard !Self.keyFiles.contains(Self.finalName(of: name)) else { return nil }
            let content = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
            return needles.contains { content.range(of: $0) != nil } ? "a key is in \(name)" : nil
        }
    }

    /// `.NAME.new` becomes `NAME`.
    private static func finalName(of path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        if name.hasPrefix(".") { name.removeFirst() }
        if name.hasSuffix(".new") { name.removeLast(4) }
        return name
    }
}
