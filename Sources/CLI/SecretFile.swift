import Foundation
import Glibc
import WarrenKeys
import WarrenModel

/// A mesh's secret in a file of the operator's: 32 bytes, mode 0600.
enum SecretFile {
    /// The file's secret; a new one, in a new file, when there is none.
    static func loadOrMake(_ path: String) throws -> (secret: MeshSecret, isNew: Bool) {
        if let bytes = try read(path) { return (try secret(bytes, path), false) }
        // The kernel's generator: what SystemRandomNumberGenerator promises on every system of ours.
        var random = SystemRandomNumberGenerator()
        let bytes = SecretBytes((0..<MeshSecret.length).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        try NewFile.write(bytes, to: path, mode: 0o600)
        return (try secret(bytes, path), true)
    }

    private static func secret(_ bytes: SecretBytes, _ path: String) throws -> MeshSecret {
        guard let secret = MeshSecret(bytes) else {
            throw CommandFailure(
                usage:
                    "'\(path)' is no secret of a mesh: it must hold \(MeshSecret.length) bytes; name a file that does not exist for a new one"
            )
        }
        return secret
    }

    /// Nil when there is no such file. Refuses one that others can read.
    private static func read(_ path: String) throws -> SecretBytes? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw CommandFailure(
                usage: "cannot read '\(path)': \(String(cString: strerror(errno))); name another with --secret")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(usage: "'\(path)' is not a file: name one with --secret")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw CommandFailure(
                usage: "'\(path)' can be read by others: its mode must be 0600: 'chmod 600 \(path)', or make a new secret")
        }
        var bytes = [UInt8](repeating: 0, count: MeshSecret.length + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else {
            throw CommandFailure(
                usage: "cannot read '\(path)': \(String(cString: strerror(errno))); name another with --secret")
        }
        return SecretBytes(bytes.prefix(count))
    }
}
