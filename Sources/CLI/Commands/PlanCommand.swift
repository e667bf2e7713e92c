import ArgumentParser
import WarrenClient
import WarrenModel
import WarrenPlan

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what every gateway would run, or what would change.",
        discussion: """
            Without a controller: the whole plan of the inventory, one gateway after the other. With one (--socket, --url or \
            WARREN_SOCKET): what would change against the generation that it has. Nothing is changed either way; keys are \
            shown as references only.

            EXIT STATUS: 0 shown; 1 faults in the inventory, or the controller refused; 2 the files cannot be read.
            """)

    @Argument(help: "An inventory file, or a folder of them.")
    var path: String

    @Option(name: .shortAndLong, help: "How to print.")
    var output = Format.text

    @Option(help: ArgumentHelp("Only this site's gateway.", valueName: "name"))
    var site: SiteName?

    @Flag(help: "Only how much there is of everything; without a controller.")
    var summary = false

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func validate() throws {
        if summary, site != nil { throw ValidationError("--summary is of the whole mesh, --site of one gateway: give one.") }
        if summary, controller.named != nil {
            throw ValidationError("--summary needs no controller: give no --socket or --url.")
        }
    }

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    func run() async throws {
        let (inventory, files) = try InventorySource.loadSound(path)
        if let site, !inventory.sites.contains(where: { $0.name == site }) {
            throw CommandFailure(usage: "'\(path)' has no site '\(site)'")
        }
        guard let address = controller.named else { return try show(MeshDerivation(inventory)) }
        var preview = try await ControllerClient.withClient(of: address) { try await $0.preview(files) }
        if let site { preview.changes.removeAll { $0.site != site } }
        switch output {
        case .json: try Terminal.show(json: preview)
        case .text:
            Terminal.show(PlanText.changes(preview.changes))
            Terminal.note("against generation \(preview.current) of the controller at \(address)")
        }
    }

    private func show(_ mesh: MeshDerivation) throws {
        if summary {
            let summary = PlanSummary(mesh)
            if output == .json { try Terminal.show(json: summary) } else { Terminal.show(PlanText.summary(summary)) }
        } else if let site, let gateway = mesh[site] {
            if output == .json { try Terminal.show(json: gateway) } else { Terminal.show(PlanText.gateway(gateway)) }
        } else if output == .json {
            try Terminal.show(json: Plan(mesh: mesh.mesh, gateways: Array(mesh)))
        } else {
            // Piece by piece: the plan of a large mesh need not fit into memory.
            for piece in PlanText.pieces(mesh) { Terminal.show(piece) }
        }
    }
}
