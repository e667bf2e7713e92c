import ArgumentParser
import Foundation
import WarrenClient

struct AddProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Keep a controller by a name.",
        discussion: "The first profile is in use from then on. Comments in the file of settings are not kept.")

    @Argument(help: "A name of letters, digits, '-', '_' and '.'.")
    var name: String

    @Option(help: ArgumentHelp("The controller's unix socket.", valueName: "path"), completion: .file())
    var socket: String?

    @Option(help: ArgumentHelp("A controller elsewhere: https://HOST:PORT.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("The file with the operator's token for --url.", valueName: "file"), completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("The authority's certificate to trust for --url (PEM).", valueName: "file"),
        completion: .file(extensions: ["pem", "crt"]))
    var ca: String?

    @Option(
        help: ArgumentHelp("Where the shell's completion finds names while no controller answers.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml"]))
    var inventory: String?

    @Flag(help: "Use it from now on.")
    var use = false

    @Flag(help: "Replace a profile of that name.")
    var force = false

    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard Settings.isProfileName(name) else {
            throw ValidationError("'\(name)' cannot name a profile: take letters, digits, '-', '_' and '.'.")
        }
        if let fault = profile.fault { throw ValidationError("The profile \(fault).") }
    }

    private var profile: Settings.Profile {
        // Where the operator stands now is not where the file is.
        func absolute(_ path: String) -> String {
            path.hasPrefix("~/") ? path : URL(filePath: path).standardizedFileURL.path
        }
        return Settings.Profile(
            socket: socket.map(absolute), url: url, tokenFile: tokenFile.map(absolute), ca: ca.map(absolute),
            inventory: inventory.map(absolute))
    }

    func run() throws {
        var (file, settings) = try options.load()
        guard force || settings.profiles[name] == nil else {
            throw CommandFailure("there is a profile '\(name)' already: --force replaces it")
        }
        settings.profiles[name] = profile
        let isFirst = settings.profile == nil
        if use || isFirst { settings.profile = name }
        try file.save(settings)
        Terminal.note("'\(name)' is kept in \(file.path)" + (settings.profile == name ? ", and in use" : ""))
    }
}
