import Crypto
import Foundation

/// A file that is written, or read, from its start to its end; its SHA-256 is kept on the way.
final class PlainFile {
    static let chunk = 1 << 20

    let path: String
    private let descriptor: Int32
    private(set) var hash = SHA256()

    /// Makes a new file that only its owner may read.
    init(creating path: String) throws(BackupError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("cannot make '\(path)'") }
    }

    init(reading path: String) throws(BackupError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read '\(path)'") }
    }

    deinit { close(descriptor) }

    func size() throws(BackupError) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw BackupError(.storage, "'\(path)' is not a file")
        }
        return UInt64(clamping: status.st_size)
    }

    func write(_ bytes: some Sequence<UInt8>) throws(BackupError) {
        let bytes = Array(bytes)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("cannot write '\(path)'") }
            rest = rest.dropFirst(count)
        }
        hash.update(data: bytes)
    }

    /// The next bytes, `count` at most; none at the end.
    func read(_ count: Int) throws(BackupError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, Self.chunk)), filled = 0
        while filled < bytes.count {
            let length = bytes.count - filled
            let got = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress.map { $0 + filled }, length) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .system("cannot read '\(path)'") }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(bytes.count - filled)
        hash.update(data: bytes)
        return bytes
    }

    /// Takes the next `count` bytes out in pieces; throws `.damaged` when there are fewer.
    func read(exactly count: UInt64, into take: ([UInt8]) throws(BackupError) -> Void) throws(BackupError) {
        var left = count
        while left > 0 {
            let bytes = try read(Int(min(left, UInt64(Self.chunk))))
            guard !bytes.isEmpty else { throw BackupError(.damaged, "'\(path)' ends too early: it is not a whole backup") }
            left -= UInt64(bytes.count)
            try take(bytes)
        }
    }

    func read(exactly count: Int) throws(BackupError) -> [UInt8] {
        var all: [UInt8] = []
        try read(exactly: UInt64(clamping: count)) { bytes throws(BackupError) in all += bytes }
        return all
    }

    /// Returns once all is on the disk.
    func flush() throws(BackupError) {
        guard fsync(descriptor) == 0 else { throw .system("cannot flush '\(path)'") }
    }

    static func flushFolder(_ path: String) throws(BackupError) {
        let folder = open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system("cannot open the folder '\(path)'") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .system("cannot flush the folder '\(path)'") }
    }

    /// The folder that holds `path`.
    static func folder(of path: String) -> String { URL(filePath: path).deletingLastPathComponent().path }
}
