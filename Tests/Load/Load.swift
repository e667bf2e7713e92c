import Foundation
import WarrenCLI
import WarrenInventory
import WarrenModel

/// Measures one real controller under a whole fleet: every agent is simulated in this process, but has its own certificate, and
/// speaks the agents' protocol over mutual TLS of its own. Nothing leaves the loopback.
///
/// `warren-load [--warrend PATH] [--warren PATH] [--sites N] [--topology full-mesh|hub-and-spoke|groups] [--idle SECONDS]`
@main
enum Load {
    static func main() async {
        do {
            try await measure()
        } catch is CancellationError {
            exit(130)
        } catch {
            FileHandle.standardError.write(Data("warren-load: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func measure() async throws {
        let options = try LoadOptions(arguments: Array(CommandLine.arguments.dropFirst()))
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "warren-load-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let controller = ControllerProcess(program: options.warrend, folder: folder)
        do {
            // Whoever interrupts it leaves no controller and no folder behind.
            try await cancellingOnSignal {
                try await controller.start()
                try await LoadRun(options: options, controller: controller, folder: folder).run()
            }
            await controller.stop()
        } catch {
            await controller.stop()
            throw error
        }
    }
}

struct LoadOptions {
    enum Topology: String { case fullMesh = "full-mesh", hubAndSpoke = "hub-and-spoke", groups }

    var warrend = ".build/release/warrend"
    var warren = ".build/release/warren"
    var sites = 1000
    var topology = Topology.hubAndSpoke
    var idle = Duration.seconds(30)

    init(arguments: [String]) throws {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { throw LoadError("\(name) needs a value") }
            switch name {
            case "--warrend": warrend = value
            case "--warren": warren = value
            case "--sites": sites = try Self.number(value)
            case "--idle": idle = .seconds(try Self.number(value))
            case "--topology":
                guard let kind = Topology(rawValue: value) else { throw LoadError("unknown topology \(value)") }
                topology = kind
            default: throw LoadError("unknown option \(name)")
            }
        }
    }

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw LoadError("\(text) is not a number above 0") }
        return number
    }

    /// The fleet's inventory; another `childLifetime` touches every gateway.
    func inventory(childLifetime: String) -> [InventoryFile] {
        let names = (1...sites).map { "site-\($0)" }
        let text: String
        switch topology {
        case .fullMesh: text = "full-mesh"
        case .hubAndSpoke: text = "{kind: hub-and-spoke, hubs: [site-1, site-2]}"
        case .groups:
            // Of thirty each, and the first site in all.
            let groups = stride(from: 1, to: sites, by: 29).enumerated().map { number, start in
                "g\(number): [\(([names[0]] + names[start..<min(sites, start + 29)]).joined(separator: ", "))]"
            }
            text = "{kind: groups, groups: {\(groups.joined(separator: ", "))}}"
        }
        let example = ExampleInventory.text(sites: sites).replacing("topology: full-mesh", with: "topology: \(text)")
        return [InventoryFile(name: "load.yaml", text: example + "defaults: {ipsec: {child: {lifetime: \(childLifetime)}}}\n")]
    }
}

struct LoadError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
