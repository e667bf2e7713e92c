import Foundation
import WarrenController

/// The file of a unix socket.
enum UnixSocket {
    /// Makes the last folder of the path, for this user alone, where there is none.
    static func makeFolder(of path: String) throws(ControllerError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .listener(path, "cannot make '\(folder)': \(String(cString: strerror(errno)))")
        }
    }

    /// Removes a socket that nobody listens on any more. Refuses one that answers, and whatever is no socket.
    static func removeStale(_ path: String) throws(ControllerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .listener(path, String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .listener(path, "a file that is no socket is in the way") }
        let answers = try connects(path)
        guard !answers else { throw .listener(path, "another warrend listens there") }
        guard unlink(path) == 0 || errno == ENOENT else { throw .listener(path, String(cString: strerror(errno))) }
    }

    private static func connects(_ path: String) throws(ControllerError) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else { throw .listener(path, "the path is longer than \(capacity - 1) bytes") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .listener(path, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0
    }

    /// Mode 0600. Until this is called the process's umask guards the file.
    static func restrict(_ path: String) { chmod(path, 0o600) }

    static func remove(_ path: String) { unlink(path) }
}
