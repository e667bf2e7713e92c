import Foundation
import GRDB

extension DatabasePool {
    /// Opens the file, making it with mode 0600 if need be, whatever the process's umask; SQLite gives the log beside it the same mode.
    convenience init(ownersOnly path: String, configuration: Configuration) throws {
        makeOwnersOnly(path)
        try self.init(path: path, configuration: configuration)
    }
}

/// What is wrong with a path, the database says best.
private func makeOwnersOnly(_ path: String) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { close(descriptor) }
}
