import Glibc
import WarrenFailpoints

/// The agent's own directory, 0700: each file 0600 and replaced whole, so that a reader sees the old or the new one,
/// also after a power cut.
public struct StateDirectory: Sendable {
    public let path: String

    /// Makes the directory if need be, and takes it only when its owner is the caller and nobody else may enter.
    public init(path: String) throws(AgentError) {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw Self.fault("cannot make the directory", path) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw Self.fault("cannot look at", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw AgentError(.storage, "\(path) is not a directory") }
        guard status.st_uid == geteuid() else { throw AgentError(.storage, "\(path) belongs to another user") }
        if status.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 { throw Self.fault("cannot close to others", path) }
    }

    /// Replaces the file `name`. When it returns and `durable`, the new content survives a power cut.
    public func write(_ name: String, _ bytes: [UInt8], durable: Bool = true) throws(AgentError) {
        let final = file(name), temporary = file(".\(name).new")
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.fault("cannot write", temporary) }
        var isWritten = fchmod(descriptor, 0o600) == 0 && writeAll(bytes, to: descriptor)
        if durable { Failpoint.agentFileWritten.pass() }
        isWritten = isWritten && (!durable || fsync(descriptor) == 0)
        let reason = errno
        close(descriptor)
        if durable { Failpoint.agentFileFlushed.pass() }
        guard isWritten else {
            unlink(temporary)
            errno = reason
            throw Self.fault("cannot write", temporary)
        }
        guard rename(temporary, final) == 0 else { throw Self.fault("cannot replace", final) }
        guard durable else { return }
        Failpoint.agentFileRenamed.pass()
        try synchronize()
        Failpoint.agentFileDurable.pass()
    }

    /// The content of the file `name`, or nil when there is none. A file over `limit` bytes is an error.
    public func read(_ name: String, limit: Int = 32 << 20) throws(AgentError) -> [UInt8]? {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.fault("cannot read", file(name))
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.fault("cannot read", file(name))
            }
            content += chunk[..<count]
            guard content.count <= limit else { throw AgentError(.storage, "\(file(name)) is larger than \(limit) bytes") }
        }
    }

    /// Renames the file `name` to `NAME.SUFFIX`, over any older one of that name. True when there was one.
    @discardableResult
    public func setAside(_ name: String, suffix: String) throws(AgentError) -> Bool {
        guard rename(file(name), file("\(name).\(suffix)")) == 0 else {
            if errno == ENOENT { return false }
            throw Self.fault("cannot set aside", file(name))
        }
        try synchronize()
        return true
    }

    /// Removes the file `name`, durably; one that is not there is no error.
    public func remove(_ name: String) throws(AgentError) {
        guard unlink(file(name)) == 0 else {
            if errno == ENOENT { return }
            throw Self.fault("cannot remove", file(name))
        }
        try synchronize()
    }

    /// Gives the content of the file `name` a second name, over any older file of that name, durably. Replacing either leaves
    /// the other as it is; when there is no file `name`, nothing happens.
    public func duplicate(_ name: String, as other: String) throws(AgentError) {
        let temporary = file(".\(other).new")
        unlink(temporary)
        guard link(file(name), temporary) == 0 else {
            if errno == ENOENT { return }
            throw Self.fault("cannot duplicate", file(name))
        }
        guard rename(temporary, file(other)) == 0 else { throw Self.fault("cannot replace", file(other)) }
        // Two names of one file: rename(2) leaves both.
        unlink(temporary)
        try synchronize()
    }

    /// The path of the file `name`.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    private func synchronize() throws(AgentError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.fault("cannot open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.fault("cannot make durable", path) }
    }

    private static func fault(_ what: String, _ path: String) -> AgentError {
        AgentError(.storage, "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Held by the one agent that runs on a state directory, until it is dropped or its process ends.
public final class StateLock: Sendable {
    private let descriptor: Int32

    /// Nil when another process holds it.
    public init?(_ directory: StateDirectory) throws(AgentError) {
        let path = directory.file("lock")
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw AgentError(.storage, "cannot open \(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Closing alone would not do: a child that is just being spawned holds the same lock until it becomes another program.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
