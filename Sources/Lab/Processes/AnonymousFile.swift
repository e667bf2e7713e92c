import Foundation
import Glibc

/// A file without a name: readable by this process and by those that it hands the descriptor to.
final class AnonymousFile {
    let descriptor: Int32

    /// Holds `text`, and is read from its start.
    init(holding text: String) throws {
        let path = "/tmp/.warren-lab-\(getpid())-\(UInt64.random(in: .min ... .max))"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LabError(.failed, "no temporary file: \(String(cString: strerror(errno)))") }
        unlink(path)
        var rest = ArraySlice(text.utf8)
        while !rest.isEmpty {
            let written = rest.withContiguousStorageIfAvailable { write(descriptor, $0.baseAddress, $0.count) } ?? -1
            guard written > 0 else { throw LabError(.failed, "no temporary file: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(written)
        }
        lseek(descriptor, 0, SEEK_SET)
    }

    deinit { close(descriptor) }

    /// Everything in it, from its start.
    func contents() -> String {
        var collected: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = pread(descriptor, &chunk, chunk.count, off_t(collected.count))
            guard count > 0 else { return String(decoding: collected, as: UTF8.self) }
            collected += chunk.prefix(count)
        }
    }
}
