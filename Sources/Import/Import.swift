import WarrenInventory
import WarrenModel

/// Makes an inventory of what gateways that are joined by hand have: read → resolve → write.
///
/// Pure: texts in, a text out. No secret is ever kept: the readers of keys note where a key stands and skip it.
public enum Import {
    /// The inventory of the mesh that `folders` describe, one folder for each gateway, and what could not be carried over.
    public static func inventory(mesh: String, from folders: [GatewayFolder]) -> ImportedMesh {
        var leftOut = LeftOutList()
        let gateways = folders.prefix(InventoryLimits.sites).map { folder in read(folder, &leftOut) }
        if folders.count > InventoryLimits.sites, let folder = folders.dropFirst(InventoryLimits.sites).first {
            leftOut.add(folder.name, 1, "this gateway and all after it: a mesh may have at most \(InventoryLimits.sites) sites")
        }
        let resolved = resolve(gateways, &leftOut)
        let text = write(resolved, mesh: siteName(mesh)?.description ?? "mesh", leftOut: leftOut)
        let load = Inventory.load([InventoryFile(name: "inventory", text: text)])
        return ImportedMesh(
            text: text, sites: resolved.sites.count, links: resolved.links.count, leftOut: leftOut.items,
            diagnostics: load.diagnostics)
    }

    private static func read(_ folder: GatewayFolder, _ leftOut: inout LeftOutList) -> GatewayFacts {
        var facts = GatewayFacts(folder: folder.name)
        var room = ImportLimits.folderBytes
        for file in folder.files {
            room -= file.text.utf8.count
            guard room >= 0 else {
                leftOut.add(file.name, 1, "more than \(ImportLimits.folderBytes >> 20) MiB of text for one gateway")
                break
            }
            switch file.kind {
            case .rcConf: RCConf.read(file, into: &facts, &leftOut)
            case .setkey: SetkeyFile.read(file, into: &facts, &leftOut)
            case .preSharedKeys: PreSharedKeyFile.read(file, &leftOut)
            case .swanctl: SwanctlFile.read(file, into: &facts, &leftOut)
            case .racoon:
                leftOut.add(
                    file.name, 1, "racoon's proposals, lifetimes and identities: Warren's own defaults take their place")
            }
        }
        facts.closeRoutes(&leftOut)
        if facts.isEmpty { leftOut.add(folder.name, 1, "this folder says nothing of a tunnel") }
        return facts
    }
}

/// What people keep for one gateway.
public struct GatewayFolder: Sendable {
    /// Proposed as the site's name.
    public var name: String
    public var files: [GatewayFile]

    public init(name: String, files: [GatewayFile]) {
        self.name = name
        self.files = files
    }
}

/// One file of a gateway: the name that remarks call it by, and its text.
public struct GatewayFile: Sendable {
    public enum Kind: Sendable { case rcConf, setkey, preSharedKeys, racoon, swanctl }

    public var name: String
    public var kind: Kind
    public var text: String

    public init(name: String, kind: Kind, text: String) {
        self.name = name
        self.kind = kind
        self.text = text
    }

    /// What a file is, by the last parts of its path; nil for one that says nothing of tunnels.
    public static func kind(of path: String) -> Kind? {
        let parts = path.split(separator: "/")
        switch parts.last {
        case "rc.conf", "rc.conf.local": return .rcConf
        case "ipsec.conf", "setkey.conf": return .setkey
        case "psk.txt": return .preSharedKeys
        case "racoon.conf": return .racoon
        case "swanctl.conf": return .swanctl
        case let name?: return name.hasSuffix(".conf") && parts.contains("swanctl") ? .swanctl : nil
        case nil: return nil
        }
    }
}

/// What came of an import.
public struct ImportedMesh: Sendable {
    /// The inventory, in YAML with remarks.
    public var text: String
    public var sites: Int
    public var links: Int
    public var leftOut: [LeftOut]
    /// What is wrong with the networks as they are: the inventory says it as the gateways do.
    public var diagnostics: [Diagnostic]
}
