import Foundation
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStatus

/// An inventory's whole world on one machine: its internet, its controller, each site's gateway and a host behind it, as
/// network namespaces that run the real programs.
///
/// Start reading here: `raise` is the table of contents. `LabTopology` and `LabCommands` say what is made (pure),
/// `NamespaceShell` makes and removes it, `verify` proves what it does, `LabDemonstration` shows all of it.
public struct Lab: Sendable {
    public let topology: LabTopology
    public let files: [InventoryFile]
    public let links: [LinkID]
    /// The sites of the first generation: their gateways have agents. Others of the topology may join later.
    let members: [LabTopology.SiteWorld]
    /// What every host must be able to reach, and what not.
    let checks: [ReachabilityCheck]
    let programs: LabPrograms
    let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - inventory: what `files` hold.
    ///   - world: what else there shall be namespaces for: an inventory that holds all of `inventory`'s sites; nil: nothing.
    ///   - hidden: the sites whose gateways are behind a NAT, which has their public addresses.
    ///   - programDirectory: where `warrend`, `warren-agent` and `warren-tunneld` are.
    ///   - say: takes one line per step, for a person.
    public init(
        _ inventory: Inventory, files: [InventoryFile], world: Inventory? = nil, behindNAT hidden: Set<SiteName> = [],
        programDirectory: String,
        say: @escaping @Sendable (String) -> Void
    ) throws {
        topology = try LabTopology(world ?? inventory, behindNAT: hidden)
        let declared = Set(inventory.sites.map(\.name))
        members = topology.sites.filter { declared.contains($0.name) }
        let given = topology.given.filter { declared.contains($0.key) }
        let plan = Plan.derive(from: inventory, assignments: Assignments(addresses: given))
        links = plan.links
        checks = topology.reachabilityChecks(in: plan)
        self.files = files
        programs = LabPrograms(names: topology.names, controller: topology.controller, directory: programDirectory)
        self.say = say
    }

    public var names: LabNames { topology.names }

    /// Where the lab's controller answers, for `warren … --socket`.
    public var controllerAddress: ControllerAddress { .socket(path: programs.apiSocket) }

    /// Raises the world up to gateways whose agents are connected and run the inventory's first generation. What was made
    /// so far is taken down again when anything fails or the task is cancelled.
    public func raise() async throws {
        try NamespaceShell.requireMeans()
        try programs.requirePrograms()
        try claim()
        do {
            try await raiseNamespaces()
            try await startController()
            try await declareSites()
            try await enrolGateways()
            try await startAgents()
        } catch {
            await removeAfterFailure()
            throw error
        }
    }

    /// Ends the lab's processes and removes its namespaces and files, whatever is there of them; repeats are harmless.
    /// True when there was anything.
    @discardableResult
    public static func takeDown(_ names: LabNames) async throws -> Bool {
        try NamespaceShell.requireMeans()
        let stood =
            !ProcessTable.namespaces(startingWith: names.prefix).isEmpty
            || FileManager.default.fileExists(atPath: names.directory)
        try await NamespaceShell.remove(startingWith: names.prefix)
        if FileManager.default.fileExists(atPath: names.directory) {
            try FileManager.default.removeItem(atPath: names.directory)
        }
        // Succeeds for the last lab only.
        rmdir(LabNames.root)
        return stood
    }

    /// Raises only the namespaces, without any of Warren's programs.
    func raiseNamespaces() async throws {
        try await NamespaceShell.raise(LabCommands(topology))
        say(
            "\(topology.namespaces.count) namespaces: the internet, the controller, \(topology.sites.count) gateways with a host each"
        )
    }

    /// Makes the lab's folder: whoever makes it owns the mesh's name on this machine.
    func claim() throws {
        switch makeFolder() {
        case 0: break
        case EEXIST: throw alreadyUp
        case let failure: throw LabError(.failed, "cannot make \(names.directory): \(String(cString: strerror(failure)))")
        }
        guard ProcessTable.namespaces(startingWith: names.prefix).isEmpty else {
            rmdir(names.directory)
            throw alreadyUp
        }
    }

    /// The error number; 0 once the folder is there. Each lab that ends in between may take the folder above along.
    private func makeFolder() -> Int32 {
        for _ in 0..<100_000 {
            mkdir(LabNames.root, 0o755)
            if mkdir(names.directory, 0o700) == 0 { return 0 }
            if errno != ENOENT { break }
            sched_yield()
        }
        return errno
    }

    private var alreadyUp: LabError {
        LabError(
            .wrongState,
            "a lab of mesh '\(names.mesh)' is up already, or was left half way: take it down with 'warren lab down \(names.mesh)'"
        )
    }

    /// In a task of its own: the one that failed may be cancelled, and this must still run to its end.
    func removeAfterFailure() async {
        let names = names
        let removal = Task { try await Lab.takeDown(names) }
        do {
            _ = try await removal.value
        } catch {
            say("not everything could be removed: \(error)")
        }
    }
}
