import ArgumentParser
import Foundation
import WarrenClient
import WarrenModel
import WarrenStatus

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show which pair of sites is up, and why another is not.",
        discussion: """
            A link is up when both gateways' reports are fresh, their security associations match crosswise, and a probe came \
            back through the tunnel. As many sites as fit are shown each against each, with the round-trip time in \
            milliseconds; more of them by their tags. Below stands what is not well, and why.

            --watch fills the screen until q; the arrows, h, j, k, l, Page Up, Page Down, g and G move in it.

            EXIT STATUS: 0 every gateway runs what it shall and every link is up; 1 not so; 2 or more: it is not known, see \
            'warren help exit-codes'.
            """)

    @Option(name: .shortAndLong, help: "table, wide (all that is measured of each link), json or yaml.")
    var output = Format.table

    @Option(help: ArgumentHelp("Only this site and its links.", valueName: "name"))
    var site: SiteName?

    @Option(help: ArgumentHelp("Only the sites of this tag and their links.", valueName: "name"))
    var tag: String?

    @Flag(help: "Each site against each however many there are, and every line of what is not well.")
    var all = false

    @Option(help: "Which links json and yaml hold: all, unwell or none.")
    var links = ControllerClient.ShownLinks.all

    @Flag(name: .shortAndLong, help: "Fill the screen and follow what happens, until q.")
    var watch = false

    @Flag(help: "One line and the exit status, for monitoring.")
    var check = false

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, wide, json, yaml }

    func validate() throws {
        if watch, check { throw ValidationError("--watch and --check do not go together: give one.") }
        if watch, output == .json || output == .yaml {
            throw ValidationError("--watch shows a table: for JSON, run 'warren status -o json' again and again.")
        }
    }

    func run() async throws {
        let question = StatusQuestion(site: site, tag: tag, showsAll: all || output == .wide)
        if check { try await Self.check(question, controller) }
        if watch { return try await StatusScreen(question: question, isWide: output == .wide, controller: controller).run() }
        let status: MeshStatus
        switch output {
        case .table, .wide:
            status = try await controller.withClient(about: mentioned) { try await question.ask($0) }
            let layout = StatusText.Layout(
                columns: Terminal.columns, colour: Terminal.usesColour, isWide: output == .wide, showsAll: all,
                mostLines: question.showsAll ? nil : 40, site: site)
            Terminal.show(StatusText.table(status, layout))
        case .json where site == nil && tag == nil:
            let links = links
            status = try await controller.withClient { try await Self.show(links, question, of: $0) }
        case .json, .yaml:
            let links = links, site = site, tag = tag
            status = try await controller.withClient(about: mentioned) {
                try await $0.status(links: links, site: site, tag: tag)
            }
            try output == .json ? Terminal.show(json: status) : Terminal.show(yaml: status)
        }
        guard question.isWell(status) else { throw ExitCode(ExitStatus.not) }
    }

    /// Shows the JSON of the whole mesh while it comes; answers what of it tells whether the mesh is well.
    private static func show(
        _ links: ControllerClient.ShownLinks, _ question: StatusQuestion, of client: ControllerClient
    ) async throws -> MeshStatus {
        var layout = JSONLayout(omitting: "links"), output: [UInt8] = []
        try await client.statusText(links: links) { piece in
            try client.understanding("/v1/status") { try layout.take(piece, into: &output) }
            guard output.count >= 1 << 16 else { return }
            Terminal.show(piece: output)
            output.removeAll(keepingCapacity: true)
        }
        let status = try client.understanding("/v1/status") {
            try layout.finish()
            return try JSONDecoder().decode(MeshStatus.self, from: Data(layout.rest))
        }
        Terminal.show(piece: output + "\n".utf8)
        // A controller of an earlier version does not count.
        return status.counts == nil ? try await question.askForCounts(client) : status
    }

    private var mentioned: [SiteName] { site.map { [$0] } ?? [] }

    /// Ends with 0 or 1 when it is known whether the mesh is well, and above that otherwise.
    private static func check(_ question: StatusQuestion, _ controller: ControllerOptions) async throws -> Never {
        do {
            let about = question.site.map { [$0] } ?? []
            let status = try await controller.withClient(about: about) { try await question.askForCounts($0) }
            let isWell = question.isWell(status)
            Terminal.show((isWell ? "well: " : "not well: ") + question.summary(status))
            throw ExitCode(isWell ? ExitStatus.done : ExitStatus.not)
        } catch let code as ExitCode {
            throw code
        } catch {
            throw ExitCode(max(ExitStatus.unusable, Warren.report(error)))
        }
    }
}

extension ControllerClient.ShownLinks: ExpressibleByArgument {}
