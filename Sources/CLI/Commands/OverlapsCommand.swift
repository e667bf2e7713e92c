import ArgumentParser
import WarrenInventory

struct OverlapsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overlaps",
        abstract: "Show which addresses the sites have, where they collide, and what is free.",
        discussion: """
            The private ranges with the networks in them, and those with the networks in those; a network that shares \
            addresses with another site's is marked. Works on an inventory with faults as well, as far as it can be read.

            EXIT STATUS: 0 no network collides; 1 some do, or the inventory cannot be read whole; 2 there are no such files.
            """)

    @Argument(help: "An inventory file, or a folder of them.")
    var path: String

    @Option(name: .shortAndLong, help: "How to print the tree.")
    var output = ValidateCommand.Format.text

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    func run() throws {
        let load = Inventory.addressSpace(of: try InventorySource.read(path))
        if let space = load.space {
            switch output {
            case .text: Terminal.show(AddressSpaceText.tree(space))
            case .json: try Terminal.show(json: space)
            }
        }
        for diagnostic in load.diagnostics { Terminal.fault("\(diagnostic)") }
        let count = load.space?.collisions ?? 0
        if load.space != nil { Terminal.note("\(path): \(count == 1 ? "1 collision" : "\(count) collisions")") }
        guard load.diagnostics.isEmpty, count == 0 else { throw ExitCode(1) }
    }
}
