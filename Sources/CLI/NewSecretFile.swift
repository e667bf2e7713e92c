import Foundation
import Glibc

/// A new file that only its owner can read, made before there is a secret to put into it.
struct NewSecretFile {
    let path: String
    private let descriptor: FileHandle

    /// Fails when there is such a file.
    init(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(
                usage: "cannot make the file '\(path)': \(String(cString: strerror(errno))); name another with --output")
        }
        self.path = path
        self.descriptor = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// The text and a line end.
    func write(_ text: String) throws { try descriptor.write(contentsOf: Data((text + "\n").utf8)) }

    func remove() { unlink(path) }
}
