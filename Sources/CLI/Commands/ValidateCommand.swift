import ArgumentParser
import WarrenInventory

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Say whether the sites of an inventory fit together.",
        discussion: """
            Prints every fault at once as 'FILE:LINE:COLUMN: error[RULE]: …' with the other offender's place and a remedy. \
            Needs no controller and changes nothing.

            EXIT STATUS: 0 no fault; 1 faults; 2 the files cannot be read.
            """)

    @Argument(help: "An inventory file, or a folder of them.")
    var path: String

    @Option(name: .shortAndLong, help: "How to print faults.")
    var output = Format.text

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    func run() throws {
        let (load, files) = try InventorySource.load(path)
        switch output {
        case .json:
            try Terminal.show(json: load.diagnostics)
        case .text:
            Terminal.show(load.diagnostics.map(\.description).joined(separator: "\n"))
            if let inventory = load.inventory {
                Terminal.note(
                    "\(path): \(inventory.sites.count) sites in \(files.count) \(files.count == 1 ? "file" : "files"), no fault"
                )
            } else {
                Terminal.note("\(path): \(load.diagnostics.count) \(load.diagnostics.count == 1 ? "fault" : "faults")")
            }
        }
        guard load.inventory != nil else { throw ExitCode(1) }
    }
}
