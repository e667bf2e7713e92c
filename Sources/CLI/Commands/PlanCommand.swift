import ArgumentParser
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenPlan

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what every gateway would run, or what would change.",
        discussion: """
            Counted from a controller (--socket, --url, WARREN_SOCKET, or --against controller) or from a saved plan (--against \
            FILE): how far the changes reach, then every change under the gateway that it happens on, then what each link's \
            packets notice. Counted from nothing, the default without a controller: all that every gateway would run. Nothing is \
            changed; keys are shown as references only.

              warren plan sites.yaml --out next.plan     look at it, have it looked at,
              warren apply next.plan                     and execute exactly that

            A LINK
              goes on       what changes does not touch its packets
              reroutes      leads to other networks than before
              renegotiates  makes new security associations beside the old ones: no packet waits
              restarts      its tunnel is replaced: packets may be lost until both ends run the new one
              starts, ends

            EXIT STATUS: 0 shown; 1 faults in the inventory, or the controller refused; 2 the files cannot be read. With \
            --detailed-exitcode: 0 nothing changes; 1 any failure; 2 something changes.
            """)

    @Argument(help: "An inventory file, or a folder of them.")
    var path: String

    @Option(
        help: ArgumentHelp(
            "Count from 'controller', 'nothing', or a saved plan. (default: the controller, if one is named)",
            valueName: "base"))
    var against: String?

    @Option(help: ArgumentHelp("Save the plan, for 'warren apply' to execute.", valueName: "file"))
    var out: String?

    @Option(name: .shortAndLong, help: "How to print.")
    var output = Format.text

    @Option(help: ArgumentHelp("Only this site's gateway.", valueName: "name"))
    var site: SiteName?

    @Flag(help: "Only how much there is of everything, or how far the changes reach.")
    var summary = false

    @Flag(help: "Say by the exit status whether something changes.")
    var detailedExitcode = false

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func validate() throws {
        if summary, site != nil { throw ValidationError("--summary is of the whole mesh, --site of one gateway: give one.") }
        if let against, against != "controller", controller.isGiven {
            throw ValidationError("--against \(against) needs no controller: give no --socket or --url.")
        }
    }

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    func run() async throws {
        let (inventory, files) = try InventorySource.loadSound(path)
        switch try against ?? (controller.named == nil ? "nothing" : "controller") {
        case "nothing": try countFromNothing(inventory, files)
        case "controller": try await countFromController(files)
        case let file: try countFromPlan(file, inventory)
        }
    }

    private func countFromController(_ files: [InventoryFile]) async throws {
        let address = try controller.address, site = site
        let preview = try await ControllerClient.withClient(of: address) { try await $0.preview(files, of: site) }
        try save(
            SavedPlan(
                files: files, assignments: preview.assignments, expected: preview.current, summary: preview.changes.summary))
        try show(preview.changes, against: "generation \(preview.current) of the controller at \(address)")
    }

    private func countFromPlan(_ file: String, _ inventory: Inventory) throws {
        if out != nil {
            throw CommandFailure(
                usage:
                    "a plan can be applied only if it is counted from a controller, or from nothing: leave out --out, or --against"
            )
        }
        guard let saved = try SavedPlan.read(file) else {
            throw CommandFailure(usage: "'\(file)' is no saved plan: --against takes 'controller', 'nothing' or such a file")
        }
        let old = try saved.mesh(shown: file)
        var assignments = saved.assignments
        assignments.indexes = SiteIndexes.assign(inventory.sites, known: assignments.indexes)
        let new = MeshDerivation(inventory, assignments: assignments)
        if let site, new[site] == nil, old[site] == nil {
            throw InventorySource.unknownSite(site, in: inventory, "neither plan")
        }
        try show(MeshComparison(from: old, to: new).changeSet(summary ? .summary : .usual, of: site), against: "'\(file)'")
    }

    private func countFromNothing(_ inventory: Inventory, _ files: [InventoryFile]) throws {
        let assignments = Assignments(indexes: SiteIndexes.assign(inventory.sites, known: [:]))
        let mesh = MeshDerivation(inventory, assignments: assignments)
        if let site, mesh[site] == nil { throw InventorySource.unknownSite(site, in: inventory, path) }
        if out != nil {
            let changes = MeshComparison(from: nil, to: mesh).changeSet(.summary)
            try save(SavedPlan(files: files, assignments: assignments, expected: .none, summary: changes.summary))
        }
        try WholePlan(mesh: mesh).show(as: output, site: site, summary: summary)
        if detailedExitcode, mesh.count > 0 { throw ExitCode(2) }
    }

    private func save(_ plan: SavedPlan) throws {
        guard let out else { return }
        try plan.write(to: out)
        Terminal.note("\(out): execute it with 'warren apply \(out)', while generation \(plan.expected) is current")
    }

    private func show(_ changes: ChangeSet, against base: String) throws {
        switch (output, summary) {
        case (.json, true): try Terminal.show(json: changes.summary)
        case (.json, false): try Terminal.show(json: changes)
        case (.text, true): Terminal.show(PlanText.reach(changes.summary))
        case (.text, false): Terminal.show(PlanText.changes(changes))
        }
        Terminal.note("against \(base)")
        if changes.isShortened, !summary {
            Terminal.note("too much to be shown whole: --site NAME shows one gateway's changes, --summary the counts")
        }
        if detailedExitcode, !changes.isEmpty { throw ExitCode(2) }
    }
}
