import ArgumentParser
import Foundation

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Keep several controllers by name, and choose between them.",
        discussion: """
              warren profile add production --url https://controller.example.net:8443 \\
                  --token-file ~/.config/warren/production.token --ca ~/.config/warren/ca.pem
              warren profile use production          from now on
              warren --profile lab status            is said per command as: warren status --profile lab

            They are kept in the file of settings: see 'warren help settings'. Tokens stay in files of their own.
            """,
        subcommands: [
            ListProfilesCommand.self, ShowProfileCommand.self, UseProfileCommand.self, AddProfileCommand.self,
            RemoveProfileCommand.self,
        ])
}

/// Which file of settings, and the profile that is named.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file of settings. (default: WARREN_CONFIG, or ~/.config/warren/config.yaml)", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @OptionGroup(title: "Terminal") var terminal: TerminalOptions

    func file() throws -> SettingsFile {
        guard let file = SettingsFile(option: config, environment: ProcessInfo.processInfo.environment) else {
            throw CommandFailure(
                usage: "there is no home folder to keep settings in: name a file with --config or WARREN_CONFIG")
        }
        return file
    }

    /// The settings, also of a file that is yet to be made.
    func load() throws -> (SettingsFile, Settings) {
        let file = try file()
        if !FileManager.default.fileExists(atPath: file.path) { return (file, Settings()) }
        return (file, try file.load())
    }

    /// Those, with the profile `name` among them.
    func load(with name: String) throws -> (SettingsFile, Settings, Settings.Profile) {
        let (file, settings) = try load()
        guard let profile = settings.profiles[name] else {
            throw ControllerChoice.unknown(name, by: "the command line", settings)
        }
        return (file, settings, profile)
    }
}

struct ListProfilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "The profiles; the one in use has a star.")

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text
    @OptionGroup var options: SettingsOptions

    func run() throws {
        let (file, settings) = try options.load()
        switch output {
        case .json: try Terminal.show(json: settings.profiles)
        case .text:
            if settings.profiles.isEmpty { Terminal.note("'\(file.path)' has no profile yet: 'warren profile add' makes one") }
            let width = (settings.profiles.keys.map(\.count).max() ?? 0) + 2
            for (name, profile) in settings.profiles.sorted(by: { $0.key < $1.key }) {
                let mark = name == settings.profile ? "* " : "  "
                Terminal.show(mark + StatusText.pad(name, width) + (profile.url ?? profile.socket ?? ""))
            }
        }
    }
}

struct ShowProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "One profile; the one in use unless named.")

    @Argument(help: "Its name.", completion: .custom { _, _, _ in NameCompletion.profiles() })
    var name: String?
    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text
    @OptionGroup var options: SettingsOptions

    func run() throws {
        let (file, settings) = try options.load()
        guard let name = name ?? settings.profile else {
            throw CommandFailure(
                "no profile is in use: 'warren profile list' shows them, 'warren profile use NAME' chooses one")
        }
        let profile = try options.load(with: name).2
        switch output {
        case .json: try Terminal.show(json: profile)
        case .text:
            let fields = [
                ("socket", profile.socket.map(file.resolve)), ("url", profile.url),
                ("token-file", profile.tokenFile.map(file.resolve)), ("ca", profile.ca.map(file.resolve)),
                ("inventory", profile.inventory.map(file.resolve)),
            ]
            for case (let key, let value?) in fields { Terminal.show(StatusText.pad(key, 12) + value) }
        }
    }
}

struct UseProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "use", abstract: "Speak to this controller from now on.")

    @Argument(help: "Its name.", completion: .custom { _, _, _ in NameCompletion.profiles() })
    var name: String
    @OptionGroup var options: SettingsOptions

    func run() throws {
        var (file, settings, _) = try options.load(with: name)
        settings.profile = name
        try file.save(settings)
        Terminal.note("'\(name)' is in use from now on")
    }
}

struct RemoveProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a profile; its token's file stays where it is.")

    @Argument(help: "Its name.", completion: .custom { _, _, _ in NameCompletion.profiles() })
    var name: String
    @OptionGroup var options: SettingsOptions

    func run() throws {
        var (file, settings, _) = try options.load(with: name)
        settings.profiles[name] = nil
        if settings.profile == name { settings.profile = nil }
        try file.save(settings)
        Terminal.note("'\(name)' is forgotten")
    }
}
