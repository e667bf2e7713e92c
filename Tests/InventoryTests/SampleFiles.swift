import Foundation
import WarrenInventory

/// The sample inventories of the repository.
enum SampleFiles {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Inventory")
    static let rejected = folder.appending(path: "rejected")
    /// Set to write the expected texts anew instead of comparing them.
    static let updates = ProcessInfo.processInfo.environment["WARREN_UPDATE_GOLDEN"] == "1"

    static func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    static func read(_ name: String, in folder: URL) throws -> InventoryFile {
        InventoryFile(name: name, text: try String(contentsOf: folder.appending(path: name), encoding: .utf8))
    }
}
