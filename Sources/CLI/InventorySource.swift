import Foundation
import Glibc
import WarrenInventory
import WarrenPlan

/// Reads what the operator names: one file, or every *.yaml and *.yml of a folder.
enum InventorySource {
    /// The files, by the names that the operator knows them by. Regular files only, UTF-8, within `InventoryLimits`.
    static func read(_ path: String) throws -> [InventoryFile] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw fault(path) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [try file(path, budget: InventoryLimits.textBytes)] }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw CommandFailure(usage: "cannot list '\(path)'")
        }
        let chosen = names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }.sorted()
        guard !chosen.isEmpty else { throw CommandFailure(usage: "the folder '\(path)' holds no *.yaml file") }
        var budget = InventoryLimits.textBytes
        return try chosen.map { name in
            let read = try file(path.hasSuffix("/") ? path + name : "\(path)/\(name)", budget: budget)
            budget -= read.text.utf8.count
            return read
        }
    }

    /// The inventory and its files; nil with the faults when it has any.
    ///
    /// - Parameter answeringTests: what stands under `tests` must hold as well.
    static func load(
        _ path: String, answeringTests: Bool = true
    ) throws -> (load: InventoryLoad, files: [InventoryFile]) {
        let files = try read(path)
        return (answeringTests ? Inventory.loadAndTest(files) : Inventory.load(files), files)
    }

    /// The inventory; its faults are shown, and end the command, when it has any.
    static func loadSound(
        _ path: String, answeringTests: Bool = true
    ) throws -> (inventory: Inventory, files: [InventoryFile]) {
        let (load, files) = try load(path, answeringTests: answeringTests)
        guard let inventory = load.inventory else {
            for diagnostic in load.diagnostics { Terminal.note("\(diagnostic)") }
            let count = load.diagnostics.count
            throw CommandFailure("'\(path)' has \(count) \(count == 1 ? "fault" : "faults")")
        }
        return (inventory, files)
    }

    private static func file(_ path: String, budget: Int) throws -> InventoryFile {
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw fault(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(usage: "'\(path)' is neither a file nor a folder")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw fault(path) }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
            guard bytes.count <= budget else {
                throw CommandFailure(
                    usage: "'\(path)' is too large: an inventory has at most \(InventoryLimits.textBytes >> 20) MiB")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(usage: "'\(path)' is not text in UTF-8")
        }
        return InventoryFile(name: path, text: text)
    }

    private static func fault(_ path: String) -> CommandFailure {
        CommandFailure(usage: "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
}
