import Foundation
import WarrenFailpoints

/// The folder that holds all that a controller must not lose: mode 0700, its files 0600, and used by one process at a time.
public final class StateDirectory: Sendable {
    public let path: String
    private let lock: Int32

    /// Opens the folder, making it if need be, and takes its lock for the life of this value.
    public init(path: String) throws(ControllerError) {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .stateDirectory(path, Self.reason("cannot be made")) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw .stateDirectory(path, Self.reason("cannot be read")) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .stateDirectory(path, "is not a folder") }
        guard status.st_uid == geteuid() else { throw .stateDirectory(path, "belongs to another user") }
        guard status.st_mode & 0o077 == 0 else {
            throw .stateDirectory(path, "can be entered by others: it holds keys, so its mode must be 0700")
        }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .stateDirectory(path, Self.reason("cannot be written to")) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let inUse = errno == EWOULDBLOCK ? "is used by another warrend" : Self.reason("cannot be locked")
            close(lock)
            throw .stateDirectory(path, inUse)
        }
    }

    /// Lets another process take the folder now, whoever still refers to this value. Closing alone would not do: a child that
    /// is just being spawned holds the same lock until it becomes another program.
    public func release() { flock(lock, LOCK_UN) }

    deinit {
        release()
        close(lock)
    }

    public func file(_ name: String) -> String { path + "/" + name }

    /// The file's bytes, or nil when there is none. Refuses a file that others can read.
    public func readSecret(_ name: String) throws(ControllerError) -> [UInt8]? { try Self.readSecret(at: file(name)) }

    /// The same of a file anywhere.
    public static func readSecret(at path: String) throws(ControllerError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .stateDirectory(path, Self.reason("cannot be read"))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw .stateDirectory(path, "can be read by others: its mode must be 0600")
        }
        var bytes: [UInt8] = [], chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0, bytes.count < 1 << 20 else { throw .stateDirectory(path, Self.reason("cannot be read")) }
            bytes += chunk.prefix(count)
        }
    }

    /// Writes the file whole or not at all, mode 0600, and returns once it is on the disk.
    public func writeSecret(_ name: String, _ bytes: some Collection<UInt8>) throws(ControllerError) {
        let temporary = file(name + ".new")
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .stateDirectory(temporary, Self.reason("cannot be made")) }
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = Self.reason("cannot be written")
                close(descriptor)
                throw .stateDirectory(temporary, reason)
            }
            rest = rest.dropFirst(count)
        }
        Failpoint.controllerFileWritten.pass()
        let synced = fsync(descriptor) == 0
        close(descriptor)
        Failpoint.controllerFileFlushed.pass()
        guard synced, rename(temporary, file(name)) == 0 else {
            throw .stateDirectory(file(name), Self.reason("cannot be written"))
        }
        Failpoint.controllerFileRenamed.pass()
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0, fsync(folder) == 0 else { throw .stateDirectory(path, Self.reason("cannot be flushed")) }
        close(folder)
        Failpoint.controllerFileDurable.pass()
    }

    private static func reason(_ what: String) -> String { "\(what): \(String(cString: strerror(errno)))" }
}
