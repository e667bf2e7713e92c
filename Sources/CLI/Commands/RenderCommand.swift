import ArgumentParser
import WarrenInventory
import WarrenKeys
import WarrenModel
import WarrenPlan
import WarrenRender

struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Write the files of one gateway for a person to install, without agent or controller.",
        discussion: """
            Writes what that gateway must run as files of its own system: tunnels, routes, security policies, firewall, IKE and \
            keys. Each file's first lines say where it goes and what loads it; those that hold keys have mode 0600.

            Keys are derived from the secret file, which is made (mode 0600) when it does not exist: render every site with the \
            same one, and keep it. They are derived from the names of the sites, so they are not the keys that a controller \
            would give, also with its secret: a link is rendered at both its ends, or run by agents at both.

            A public address that the inventory does not say, since it is dynamic or behind a name, is said with --address: each \
            end of a link has the other's in its files, so render both anew when it changes.

            The folder appears whole or not at all. With --force an earlier rendering is replaced; a folder that holds anything \
            else never is.

            EXIT STATUS: 0 written; 1 faults in the inventory, or it cannot be said in that system's files; 2 a file, folder or \
            option cannot be used.
            """)

    enum System: String, ExpressibleByArgument, CaseIterable { case freebsd, linux }
    enum Daemon: String, ExpressibleByArgument, CaseIterable { case strongswan, racoon }

    @Argument(help: "An inventory file, or a folder of them.")
    var path: String

    @Option(help: ArgumentHelp("The site whose gateway it is.", valueName: "name"))
    var site: SiteName

    @Option(help: "The gateway's system.")
    var platform: System

    @Option(help: "The gateway's IKE daemon: racoon (IKEv1, on FreeBSD) must then run at every peer, too.")
    var ike = Daemon.strongswan

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("The mesh's secret: 32 bytes, mode 0600. Made when it does not exist.", valueName: "file"))
    var secret = "mesh-secret"

    @Option(
        help: ArgumentHelp(
            "A public address of a site whose address the inventory does not say; may be given for several.",
            valueName: "site=address"))
    var address: [SiteAddress] = []

    @Flag(help: "Replace the folder when it holds an earlier rendering.")
    var force = false

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    func validate() throws {
        if platform == .linux, ike == .racoon { throw ValidationError("--ike racoon goes with --platform freebsd.") }
    }

    func run() async throws {
        let inventory = try InventorySource.loadSound(path).inventory
        let target: RenderTarget =
            platform == .linux ? .linux : ike == .racoon ? .freebsdWithRacoon : .freebsdWithStrongSwan
        let assignments = Assignments(addresses: try SiteAddress.assigned(address, in: inventory))
        let mesh = inventory.withoutAgent(at: site, for: target)
        guard let plan = GatewayPlan.derive(for: site, from: mesh, assignments: assignments) else {
            throw InventorySource.unknownSite(site, in: inventory, path)
        }
        let unknown = Set(plan.awaiting.map(\.site)).sorted()
        guard unknown.isEmpty else {
            let options = unknown.map { "--address \($0)=ADDRESS" }.joined(separator: " ")
            throw CommandFailure(usage: "the inventory does not say every public address that '\(site)' needs: add \(options)")
        }
        let folder = try OutputFolder(output, replaces: force ? Render.fileNames : nil)
        let (meshSecret, isNew) = try SecretFile.loadOrMake(secret)
        let files: [RenderedFile]
        do {
            files = try Render.files(of: plan, mesh: inventory.mesh, for: target) { meshSecret.preSharedKey(byNamesOf: $0) }
        } catch {
            throw CommandFailure("\(error)")
        }
        try folder.write(files)
        if isNew { Terminal.note("\(secret): a new secret, mode 0600: the other sites need it, too") }
        for file in files { Terminal.show("\(output)/\(file.name)") }
    }
}
