import ArgumentParser
import WarrenImport
import WarrenModel

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write the inventory of gateways that are joined by hand.",
        discussion: """
            DIR has one folder for each gateway, whose name becomes the site's name, with the files that the gateway has: \
            rc.conf, ipsec.conf (setkey's), psk.txt and racoon.conf of FreeBSD, swanctl.conf of strongSwan; they may lie in \
            folders of their own, such as etc/. What cannot be carried over is named, on standard error and in the inventory. \
            No key is ever copied: Warren makes its own.

            EXIT STATUS: 0 all was carried over and the sites fit together; 1 something was not, or they do not: the inventory \
            is written nevertheless; 2 the files cannot be read or written.
            """)

    @Argument(help: ArgumentHelp("The folder with one folder for each gateway.", valueName: "dir"))
    var path: String

    @Option(help: ArgumentHelp("A file to write, which must not exist yet. (default: standard output)", valueName: "file"))
    var output: String?

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    func run() throws {
        let (mesh, folders) = try GatewayFolderSource.read(path)
        let imported = Import.inventory(mesh: mesh, from: folders)
        if let output {
            try NewFile.write(SecretBytes(Array(imported.text.utf8)), to: output, mode: 0o644)
        } else {
            Terminal.show(imported.text)
        }
        for item in imported.leftOut { Terminal.note("\(item)") }
        for diagnostic in imported.diagnostics { Terminal.fault("\(diagnostic)") }
        let counts = [(imported.sites, "site"), (imported.links, "link"), (imported.leftOut.count, "remark")]
            .map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ")
        Terminal.note("\(path): \(counts)" + (imported.diagnostics.isEmpty ? "" : ", and the sites do not fit together"))
        guard imported.leftOut.isEmpty, imported.diagnostics.isEmpty else { throw ExitCode(1) }
    }
}
