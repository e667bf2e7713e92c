import Foundation
import Glibc
import WarrenModel
import WarrenRender

/// A folder that comes into being whole: its files are written beside it, and it gets its name when they are on the disk.
struct OutputFolder {
    private let path: String
    private let exists: Bool

    /// Finds out whether the folder may be written, before anything is.
    ///
    /// - Parameter replaces: the names of files that may be replaced; nil when none may.
    init(_ path: String, replaces: Set<String>?) throws {
        var trimmed = path
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        self.path = trimmed
        var status = stat()
        guard lstat(trimmed, &status) == 0 else {
            guard errno == ENOENT else { throw NewFile.fault(trimmed) }
            exists = false
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw CommandFailure(usage: "'\(path)' exists and is not a folder: name another with --output")
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: trimmed) else {
            throw CommandFailure(usage: "cannot list '\(path)': may you read it? Else name another with --output")
        }
        exists = true
        if names.isEmpty { return }
        guard let replaces else {
            throw CommandFailure(usage: "'\(path)' is not empty: --force replaces an earlier rendering")
        }
        if let other = names.sorted().first(where: { !replaces.contains($0) }) {
            throw CommandFailure(
                usage: "'\(path)' holds '\(other)', which no rendering wrote: it is not replaced, name another with --output")
        }
    }

    func write(_ files: [RenderedFile]) throws {
        let new = "\(path).new-\(getpid())", old = "\(path).old-\(getpid())"
        guard mkdir(new, 0o700) == 0 else { throw NewFile.fault(new) }
        do {
            for file in files {
                let mode: mode_t =
                    switch file.access {
                    case .everyone: 0o644
                    case .program: 0o755
                    case .ownerOnly: 0o600
                    }
                try NewFile.write(file.bytes, to: "\(new)/\(file.name)", mode: mode)
            }
            try flush(new)
            if exists, rename(path, old) != 0 { throw NewFile.fault(path) }
            guard rename(new, path) == 0 else {
                let failure = NewFile.fault(path)
                if exists { rename(old, path) }
                throw failure
            }
            try flush((path as NSString).deletingLastPathComponent)
        } catch {
            try? FileManager.default.removeItem(atPath: new)
            throw error
        }
        if exists { try? FileManager.default.removeItem(atPath: old) }
    }

    /// The folder's names are on the disk once this returns.
    private func flush(_ folder: String) throws {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw NewFile.fault(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw NewFile.fault(folder) }
    }
}
