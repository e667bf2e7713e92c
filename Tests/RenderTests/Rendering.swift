import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRender

/// Sample inventories of the repository, rendered with keys that are plainly none: all zero.
enum Rendering {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let targets: [(target: RenderTarget, name: String)] = [
        (.freebsdWithRacoon, "freebsd-racoon"), (.freebsdWithStrongSwan, "freebsd-strongswan"), (.linux, "linux"),
    ]

    /// Which gateways stand for the formats: the handbook's, all of a larger mesh's links, IPv6 outside, transport mode,
    /// translated networks.
    static let gateways = [
        ("handbook", "first"), ("handbook", "second"), ("five-sites", "berlin"), ("ipv6-outer", "north"),
        ("transport", "first"), ("overlapping-with-translate", "london"),
    ]

    static let noKey = PreSharedKey(SecretBytes([UInt8](repeating: 0, count: 32)))

    static func plan(_ sample: String, _ site: String, _ target: RenderTarget) throws -> (GatewayPlan, mesh: String) {
        let text = try String(contentsOf: root.appending(path: "Inventory/\(sample).yaml"), encoding: .utf8)
        let load = Inventory.load([InventoryFile(name: sample, text: text)])
        let inventory = try #require(load.inventory, "\(load.diagnostics)")
        let name = try #require(SiteName(site))
        let plan = try #require(Plan.derive(from: inventory.withoutAgent(at: name, for: target))[name])
        return (plan, inventory.mesh)
    }

    static func files(_ sample: String, _ site: String, _ target: RenderTarget) throws -> [RenderedFile] {
        let (plan, mesh) = try plan(sample, site, target)
        return try Render.files(of: plan, mesh: mesh, for: target) { _ in noKey }
    }

    static func file(_ name: String, _ sample: String, _ site: String, _ target: RenderTarget) throws -> String {
        try #require(files(sample, site, target).first { $0.name == name }).text
    }
}

extension RenderedFile {
    var text: String { bytes.withBytes { String(decoding: $0, as: UTF8.self) } }
    /// Without comments and empty lines.
    var statements: [String] {
        text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }
}
