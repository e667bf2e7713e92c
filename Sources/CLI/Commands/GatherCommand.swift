import ArgumentParser
import Foundation
import WarrenBuild
import WarrenClient
import WarrenModel

struct GatherCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gather",
        abstract: "Pack what helps to find a fault into one archive: of the controller, and of each gateway.",
        discussion: """
            Versions, generations with the inventory, plans, statuses, events, metrics, and of each gateway whose agent is \
            connected what it observes, drops, and the end of its log. There is no key and no token in it, and what has the form \
            of one is taken out. Names and addresses of the mesh are in it: look through the archive before you hand it on.

              warren gather --output fault.tar
              tar tf fault.tar

            EXIT STATUS: 0 written, also when an agent is away, which is said; others as 'warren help exit-codes' says.
            """)

    @Option(
        name: .shortAndLong, help: ArgumentHelp("A new file. (default: warren-gather-TIME.tar)", valueName: "file"),
        completion: .file(extensions: ["tar"]))
    var output: String?

    @Option(help: ArgumentHelp("Only this site's gateway; may be repeated.", valueName: "name"))
    var site: [SiteName] = []

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    func run() async throws {
        let now = Date.now, sites = site.isEmpty ? nil : site
        let path = output ?? "warren-gather-\(Self.stamp(now)).tar"
        let gathering = try await controller.withClient(about: site) { client in
            // Whoever is not there is told before anything is read.
            for site in sites ?? [] { _ = try await client.text(of: "/v1/gateways/\(site)") }
            return try await Gathering.gather(client, sites: sites) { done, all in
                if all > 20, done % 20 == 0 { Terminal.note("\(done) of \(all) gateways") }
            }
        }
        let archive = gathering.archive(folder: "warren-gather", readme: Self.readme(gathering, now), now: now)
        try NewFile.write(SecretBytes(archive), to: path, mode: 0o600)
        var text = gathering.files.map { "  \($0.name)\n" }.joined()
        if !gathering.silent.isEmpty {
            let names = gathering.silent.prefix(10).map(\.description).joined(separator: ", ")
            let more = gathering.silent.count > 10 ? " and \(gathering.silent.count - 10) more" : ""
            text += "not told by the agents of \(names)\(more)\n"
        }
        Terminal.show(text + "\(path): \(gathering.files.count + 1) files, \(archive.count / 1024) KiB\n")
    }

    private static func stamp(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted))
    }

    private static func readme(_ gathering: Gathering, _ date: Date) -> String {
        """
        What 'warren gather' read of a mesh at \(date.formatted(.iso8601)).
        warren \(Build.current.line)

        controller/     what the controller answers, and the end of its log (facts-log.txt)
        gateways/SITE/  what the controller knows of a gateway, its plan, and what its agent tells (facts-*)
        *.missing.txt   why something is not there

        Keys and tokens are not in it. Names and addresses of the mesh are.

        """
    }
}
