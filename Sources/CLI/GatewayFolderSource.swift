import Foundation
import Glibc
import WarrenImport

/// Reads the folders that `warren import` is given.
enum GatewayFolderSource {
    /// Files that are looked at in all, folders inside each other, and bytes of all files together.
    private static let entries = 100_000, depth = 8, bytes = 32 << 20

    /// The folder's name, and each gateway's files as far as they say anything of tunnels. Links are not followed.
    static func read(_ path: String) throws -> (mesh: String, folders: [GatewayFolder]) {
        let root = URL(filePath: path).standardizedFileURL.path
        var reading = Reading()
        var folders: [GatewayFolder] = []
        for name in try reading.names(of: root, shown: path) where kind(root + "/" + name) == S_IFDIR {
            let files = try reading.files(in: "\(root)/\(name)", shown: name, depth: 1)
            if !files.isEmpty { folders.append(GatewayFolder(name: name, files: files)) }
        }
        let name = root.split(separator: "/").last.map(String.init) ?? "mesh"
        if folders.isEmpty {
            let own = try reading.files(in: root, shown: "", depth: depth)
            if !own.isEmpty { folders = [GatewayFolder(name: name, files: own)] }
        }
        guard !folders.isEmpty else {
            throw CommandFailure(
                usage:
                    "'\(path)' has no folder with an rc.conf, ipsec.conf, psk.txt, racoon.conf or swanctl.conf: it takes one folder for each gateway"
            )
        }
        return (name, folders)
    }

    private static func kind(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    /// How much may still be read.
    private struct Reading {
        var entries = GatewayFolderSource.entries
        var bytes = GatewayFolderSource.bytes

        mutating func names(of folder: String, shown: String) throws -> [String] {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
                throw CommandFailure(usage: "cannot list '\(shown)': may you read it?")
            }
            entries -= names.count
            guard entries >= 0 else {
                throw CommandFailure(
                    usage: "'\(shown)': more than \(GatewayFolderSource.entries) files: copy those of the gateways alone")
            }
            return names.sorted()
        }

        /// The files in `folder` and the folders in it, by the names that remarks call them by.
        mutating func files(in folder: String, shown: String, depth: Int) throws -> [GatewayFile] {
            guard depth <= GatewayFolderSource.depth else { return [] }
            var files: [GatewayFile] = []
            for name in try names(of: folder, shown: shown) {
                let path = "\(folder)/\(name)", label = shown.isEmpty ? name : "\(shown)/\(name)"
                switch kind(path) {
                case S_IFDIR where depth < GatewayFolderSource.depth:
                    files += try self.files(in: path, shown: label, depth: depth + 1)
                case S_IFREG:
                    guard let kind = GatewayFile.kind(of: label) else { continue }
                    guard let data = FileManager.default.contents(atPath: path), data.count <= bytes else {
                        throw CommandFailure(
                            usage: "cannot read '\(label)', or it is too large: may you read it? Else leave it out")
                    }
                    bytes -= data.count
                    guard let text = String(validating: data, as: UTF8.self) else {
                        throw CommandFailure(usage: "'\(label)' is not text in UTF-8: convert it, or leave it out")
                    }
                    files.append(GatewayFile(name: label, kind: kind, text: text))
                default: continue
                }
            }
            return files
        }
    }
}
