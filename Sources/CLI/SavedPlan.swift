import Foundation
import Glibc
import WarrenInventory
import WarrenModel
import WarrenPlan

/// What `warren plan --out` writes and `warren apply` executes: everything that determines the plan, and what was shown.
/// Small, for plans are derived; no key and no other secret is in it.
struct SavedPlan: Codable {
    static let format = "warren-plan/1"
    /// Far above what a plan of the largest inventory takes, in bytes.
    private static let largest = 32 << 20

    var format = SavedPlan.format
    let files: [InventoryFile]
    let assignments: Assignments
    /// The generation that the changes are counted from: applied to no other.
    let expected: Generation
    /// With the fingerprint of what was shown.
    let summary: ChangeSummary

    init(files: [InventoryFile], assignments: Assignments, expected: Generation, summary: ChangeSummary) {
        self.files = files
        self.assignments = assignments
        self.expected = expected
        self.summary = summary
    }

    /// The saved plan at `path`; nil when the file holds something else, as an inventory.
    static func read(_ path: String) throws -> SavedPlan? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= largest,
            let data = FileManager.default.contents(atPath: path),
            data.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) == UInt8(ascii: "{"),
            let kind = try? JSONDecoder().decode(Kind.self, from: data), kind.format.hasPrefix("warren-plan/")
        else { return nil }
        guard kind.format == format else {
            throw CommandFailure(
                usage: "'\(path)' is a plan of another version of warren (\(kind.format)): run 'warren plan --out' again")
        }
        do {
            return try JSONDecoder().decode(SavedPlan.self, from: data)
        } catch {
            throw CommandFailure(usage: "'\(path)' is a damaged plan: run 'warren plan --out' again")
        }
    }

    private struct Kind: Decodable { let format: String }

    /// Writes it whole or not at all. Replaces an earlier plan, and no other file.
    func write(to path: String) throws {
        if access(path, F_OK) == 0, try Self.read(path) == nil {
            throw CommandFailure(usage: "'\(path)' exists and is no saved plan: it is not replaced, name another file")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let temporary = "\(path).new-\(getpid())"
        try NewFile.write(SecretBytes(Array(try encoder.encode(self))), to: temporary, mode: 0o644)
        guard rename(temporary, path) == 0 else {
            let failure = NewFile.fault(path)
            unlink(temporary)
            throw failure
        }
    }

    /// The mesh that it describes.
    func mesh(shown path: String) throws -> MeshDerivation {
        let load = Inventory.load(files)
        guard let inventory = load.inventory else {
            for diagnostic in load.diagnostics { Terminal.fault("\(diagnostic)") }
            throw CommandFailure("the inventory in '\(path)' has faults: correct it, and plan again")
        }
        return MeshDerivation(inventory, assignments: assignments)
    }
}
