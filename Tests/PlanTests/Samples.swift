import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

/// The sample inventories of the repository, and the plans expected of them.
enum Samples {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let golden = root.appending(path: "Tests/Golden")
    /// Set to write the expected plans anew instead of comparing them.
    static let updates = ProcessInfo.processInfo.environment["WARREN_UPDATE_GOLDEN"] == "1"

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Inventory").path)
            .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }.sorted()
    }

    /// Those of few sites, whose whole plan a person can read.
    static func small() throws -> [String] { try names().filter { try inventory($0).sites.count <= 8 } }

    static func inventory(_ name: String) throws -> Inventory {
        let text = try String(contentsOf: root.appending(path: "Inventory/\(name).yaml"), encoding: .utf8)
        return try inventory(text: text)
    }

    static func inventory(text: String) throws -> Inventory {
        let load = Inventory.load([InventoryFile(name: "mesh.yaml", text: text)])
        return try #require(load.inventory, "\(load.diagnostics)")
    }

    static func plan(_ name: String) throws -> Plan { Plan.derive(from: try inventory(name)) }

    /// A mesh of `count` sites with a network each.
    static func mesh(of count: Int) throws -> Inventory {
        let sites = (0..<count).map { index in
            "  s\(index): {gateway: {public: 203.\(index >> 8).\(index & 255).1, private: 10.\(index >> 8).\(index & 255).1}, "
                + "networks: [10.\(index >> 8).\(index & 255).0/24]}\n"
        }
        return try inventory(text: "version: 1\nmesh: large\nsites:\n" + sites.joined())
    }
}

/// The site of that name; the test fails when it is none.
func name(_ text: String) throws -> SiteName { try #require(SiteName(text)) }

/// The address of that text; the test fails when it is none.
func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
