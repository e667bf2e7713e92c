import Foundation
import Glibc
import WarrenModel

/// Where the settings are kept.
struct SettingsFile {
    /// Above what anybody writes by hand, in bytes.
    private static let largest = 1 << 20

    let path: String
    /// The operator named it: then it must be there.
    let isNamed: Bool

    /// The file that an option, `WARREN_CONFIG`, or the XDG base directories name, in this order; nil where there is no home.
    init?(option: String?, environment: [String: String]) {
        func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let named = option ?? given("WARREN_CONFIG") {
            path = Self.expand(named, home: given("HOME"))
            isNamed = true
        } else if let base = given("XDG_CONFIG_HOME"), base.hasPrefix("/") {
            path = base + "/warren/config.yaml"
            isNamed = false
        } else if let home = given("HOME") {
            path = home + "/.config/warren/config.yaml"
            isNamed = false
        } else {
            return nil
        }
    }

    /// What it says; nothing when nobody named it and it is not there.
    func load() throws -> Settings {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR, !isNamed else { throw fault("read") }
            return Settings()
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.largest else {
            throw CommandFailure(usage: "'\(path)' is not a file of settings: name another with --config or WARREN_CONFIG")
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw fault("read") }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure(usage: "'\(path)' is not text in UTF-8: correct it, or name another with --config")
        }
        return try Settings.parse(text, source: path)
    }

    /// Replaces the file whole, or leaves it as it is. Comments are not kept.
    func save(_ settings: Settings) throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(usage: "cannot make the folder '\(folder)': name another file with --config")
        }
        let temporary = "\(path).new-\(getpid())"
        try NewFile.write(SecretBytes(Array(try settings.text().utf8)), to: temporary, mode: 0o600)
        guard rename(temporary, path) == 0 else {
            let failure = fault("write")
            unlink(temporary)
            throw failure
        }
    }

    /// A path that the file says: `~/` is the home folder, and what is not absolute is counted from the file's own.
    func resolve(_ other: String) -> String {
        let expanded = Self.expand(other, home: ProcessInfo.processInfo.environment["HOME"])
        guard !expanded.hasPrefix("/") else { return expanded }
        return URL(filePath: path).deletingLastPathComponent().appending(path: expanded).path
    }

    private static func expand(_ path: String, home: String?) -> String {
        guard path.hasPrefix("~/"), let home else { return path }
        return home + path.dropFirst(1)
    }

    private func fault(_ verb: String) -> CommandFailure {
        CommandFailure(
            usage: "cannot \(verb) '\(path)': \(String(cString: strerror(errno))); name another with --config or WARREN_CONFIG")
    }
}
