import ArgumentParser
import WarrenInventory
import WarrenModel
import WarrenPlan

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show the way that a packet would take through the mesh, and its answer.",
        discussion: """
            Walks the packet through the plan as the gateways would take it: at each the route, the tunnel, and the policy that \
            seals it. Then looks at the plans of all gateways on the way for anything that could lead a packet for another \
            site's network into the clear. Needs no controller and sends nothing.

            EXIT STATUS: 0 it arrives, and so does its answer; 1 it does not, or faults; 2 the files cannot be read.
            """)

    @Argument(help: "An inventory file, or a folder of them.")
    var path: String

    @Option(help: ArgumentHelp("The site that the packet comes from.", valueName: "site"))
    var from: SiteName

    @Option(help: ArgumentHelp("Where it goes: an address, or a site for its gateway's private address.", valueName: "address"))
    var to: String

    @Option(name: .shortAndLong, help: "How to print.")
    var output = Format.text

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    func run() async throws {
        // Also when a test does not hold: the trace is what shows why.
        let inventory = try InventorySource.loadSound(path, answeringTests: false).inventory
        let mesh = MeshDerivation(inventory)
        guard mesh[from] != nil else { throw InventorySource.unknownSite(from, in: inventory, path) }
        let site = SiteName(to).flatMap { mesh.visibleAddress(of: $0) }
        guard let destination = IPAddress(to) ?? site else {
            throw CommandFailure(
                usage: "'\(to)' is neither an address nor a site of '\(path)': 'warren overlaps \(path)' lists both")
        }
        guard let trace = MeshTrace(from: from, to: destination, in: mesh) else {
            throw CommandFailure(
                "\(from) has no \(destination.family == .ipv4 ? "IPv4" : "IPv6") address to send from: choose a destination of the other family"
            )
        }
        switch output {
        case .json: try Terminal.show(json: trace)
        case .text: Terminal.show(PlanText.trace(trace))
        }
        guard trace.holds else { throw ExitCode(1) }
    }
}
