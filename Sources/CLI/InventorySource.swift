import Foundation
import Glibc
import WarrenInventory
import WarrenModel
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
            throw CommandFailure(usage: "cannot list '\(path)': may you read it?")
        }
        let chosen = names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }.sorted()
        guard !chosen.isEmpty else {
            throw CommandFailure(
                usage:
                    "the folder '\(path)' holds no *.yaml file: 'warren example > \(path)/sites.yaml' makes one to start from")
        }
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
            for diagnostic in load.diagnostics { Terminal.fault("\(diagnostic)") }
            let count = load.diagnostics.count
            throw CommandFailure(
                "'\(path)' has \(count) \(count == 1 ? "fault" : "faults"): correct \(count == 1 ? "it" : "them"), and run 'warren validate'"
            )
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
            throw CommandFailure(usage: "'\(path)' is neither a file nor a folder: name an inventory")
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
                    usage:
                        "'\(path)' is too large: an inventory has at most \(InventoryLimits.textBytes >> 20) MiB, in all its files: is it the right one?"
                )
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(usage: "'\(path)' is not text in UTF-8: save it as that, or name another file")
        }
        return InventoryFile(name: path, text: text)
    }

    private static func fault(_ path: String) -> CommandFailure {
        let number = errno
        let hint = number == ENOENT ? "; 'warren example > sites.yaml' makes one to start from" : ""
        return CommandFailure(usage: "cannot read '\(path)': \(String(cString: strerror(number)))\(hint)")
    }

    /// For a site that an inventory, or `place`, does not have.
    static func unknownSite(_ site: SiteName, in inventory: Inventory, _ place: String) -> CommandFailure {
        let known = inventory.sites.map(\.name.description)
        return CommandFailure(
            usage: "'\(place)' has no site '\(site)'\(Suggestion.question(site.description, among: known)): "
                + "'warren overlaps' lists the sites of an inventory")
    }
}
