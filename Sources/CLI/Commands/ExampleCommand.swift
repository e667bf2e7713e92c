import ArgumentParser
import WarrenInventory

struct ExampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example",
        abstract: "Print an inventory to start from.",
        discussion: """
            Sites with a network and a public address each, all different. Replace the addresses with your own; those \
            printed are from a range that is set aside for measurements (RFC 2544) and lead nowhere.
            """)

    @Option(help: ArgumentHelp("How many sites.", valueName: "n"))
    var sites = 3

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    func validate() throws {
        guard (1...InventoryLimits.sites).contains(sites) else {
            throw ValidationError("--sites takes 1 to \(InventoryLimits.sites).")
        }
    }

    func run() { Terminal.show(ExampleInventory.text(sites: sites)) }
}
