import ArgumentParser
import Foundation
import Glibc
import WarrenInventory
import WarrenLab
import WarrenModel

struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Run an inventory's whole mesh on this machine, in network namespaces, with real packets.",
        discussion: """
            Every site gets a gateway and a host behind it, all gateways share a small internet, and a controller rolls the \
            inventory out: all by the real programs, which are found beside this one. Nothing of it touches the machine's own \
            network. Only root may do it. FILE is the inventory; where only the mesh's name counts, that name will do.
            """,
        subcommands: [
            LabUpCommand.self, LabStatusCommand.self, LabExecCommand.self, LabVerifyCommand.self, LabDownCommand.self,
            LabDemoCommand.self, LabRolloutsCommand.self,
        ])

    /// The lab of an inventory, with some sites' gateways behind a NAT.
    static func lab(
        _ path: String, behindNAT hidden: [SiteName] = [], say: @escaping @Sendable (String) -> Void = { Terminal.note($0) }
    ) throws -> Lab {
        let (inventory, files) = try InventorySource.loadSound(path)
        let sites = Set(inventory.sites.map(\.name))
        if let stranger = hidden.first(where: { !sites.contains($0) }) {
            throw InventorySource.unknownSite(stranger, in: inventory, path)
        }
        return try Lab(
            inventory, files: files, behindNAT: Set(hidden), programDirectory: programDirectory(), say: say)
    }

    /// The names of the lab that an inventory, or a mesh's name, stands for.
    static func names(_ reference: String) throws -> LabNames {
        guard access(reference, F_OK) == 0 else { return try LabNames(mesh: reference) }
        return try LabNames(mesh: InventorySource.loadSound(reference).inventory.mesh)
    }

    /// The folder of the running program.
    static func programDirectory() throws -> String {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: path).deletingLastPathComponent().path
    }
}

/// Which gateways of a lab are behind a NAT.
struct LabNATOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Put a NAT before this site's gateway, which then has none of its public addresses itself. May be repeated.",
            valueName: "site"))
    var behindNAT: [SiteName] = []
}
