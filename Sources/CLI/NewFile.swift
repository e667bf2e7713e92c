import Foundation
import Glibc
import WarrenModel

/// Files that did not exist before.
enum NewFile {
    /// Writes the file and returns once it is on the disk. Never follows or replaces what is there; removes what it could not
    /// complete.
    static func write(_ bytes: SecretBytes, to path: String, mode: mode_t) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw fault(path) }
        defer { close(descriptor) }
        var written = fchmod(descriptor, mode) == 0
        bytes.withBytes { buffer in
            var rest = buffer[...]
            while written, !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                written = count > 0
                rest = rest.dropFirst(max(0, count))
            }
        }
        guard written, fsync(descriptor) == 0 else {
            let failure = fault(path)
            unlink(path)
            throw failure
        }
    }

    static func fault(_ path: String) -> CommandFailure {
        let number = errno
        let hint = number == EEXIST ? ": remove it, or name another" : "; name another place"
        return CommandFailure(usage: "cannot write '\(path)': \(String(cString: strerror(number)))\(hint)")
    }
}
