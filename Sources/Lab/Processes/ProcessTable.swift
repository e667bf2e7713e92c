import Foundation
import Glibc

/// Who runs in which network namespace, read from /proc and /run/netns.
enum ProcessTable {
    struct Entry: Sendable, Hashable {
        let pid: pid_t
        let namespace: String
        /// The program's file name, at most 15 bytes of it.
        let program: String
    }

    static let namespaceFolder = "/run/netns"

    /// The named namespaces of this machine that start with `prefix`, in order.
    static func namespaces(startingWith prefix: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: namespaceFolder)) ?? []
        return names.filter { $0.hasPrefix(prefix) }.sorted()
    }

    /// Every process in one of `namespaces`, this one and those that ended left out; in order of namespace and id.
    static func entries(in namespaces: [String]) -> [Entry] {
        var namespaceOf: [ino_t: String] = [:]
        for name in namespaces {
            if let inode = inode("\(namespaceFolder)/\(name)") { namespaceOf[inode] = name }
        }
        guard !namespaceOf.isEmpty else { return [] }
        let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        return pids.compactMap { pid in
            guard pid != getpid(), let inode = inode("/proc/\(pid)/ns/net"), let namespace = namespaceOf[inode],
                let state = state(of: pid), state != "Z"
            else { return nil }
            return Entry(pid: pid, namespace: namespace, program: program(of: pid))
        }.sorted { ($0.namespace, $0.pid) < ($1.namespace, $1.pid) }
    }

    /// The letter of proc(5)'s third field of `stat`: `Z` for a process that ended and was not collected.
    static func state(of pid: pid_t) -> Character? {
        guard let stat = text("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        return stat[end...].dropFirst(2).first
    }

    private static func program(of pid: pid_t) -> String {
        text("/proc/\(pid)/comm")?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func inode(_ path: String) -> ino_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_ino : nil
    }
}
