import WarrenClient

/// Which controller is meant, by option, environment or settings, in this order. What is nearer to the command line wins
/// whole: a token that belongs to one controller is never sent to another.
struct ControllerChoice {
    var socket: String?
    var url: String?
    var tokenFile: String?
    var ca: String?
    var profile: String?

    /// Who said which controller it is: 'the command line', a variable, or a profile.
    struct Origin: Hashable {
        let text: String
        var profile: String?
    }

    /// The controller and who named it; nil when nobody did.
    func resolve(
        environment: [String: String], settings: () throws -> (Settings, SettingsFile?)
    ) throws -> (address: ControllerAddress, origin: Origin)? {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let token = tokenFile ?? variable("WARREN_TOKEN_FILE"), authority = ca ?? variable("WARREN_CA")
        func remote(_ url: String, _ origin: String) throws -> (ControllerAddress, Origin) {
            guard let token else {
                throw CommandFailure(usage: "\(url) needs a token: give --token-file FILE, or set WARREN_TOKEN_FILE")
            }
            return (.https(url: url, tokenFile: token, authorityFile: authority), Origin(text: origin))
        }
        func local(_ path: String, _ origin: String) throws -> (ControllerAddress, Origin) {
            if tokenFile != nil || ca != nil {
                throw CommandFailure(
                    usage: "--token-file and --ca go with a controller elsewhere, and \(origin) is \(path): add --url")
            }
            return (.socket(path: path), Origin(text: origin))
        }
        if let url { return try remote(url, "the command line") }
        if let socket { return try local(socket, "the command line") }
        if let profile { return try named(profile, by: "the command line", try settings()) }
        switch (variable("WARREN_URL"), variable("WARREN_SOCKET")) {
        case (.some, .some): throw CommandFailure(usage: "WARREN_URL and WARREN_SOCKET name two controllers: unset one")
        case (let url?, nil): return try remote(url, "WARREN_URL")
        case (nil, let socket?): return try local(socket, "WARREN_SOCKET")
        case (nil, nil): break
        }
        if let profile = variable("WARREN_PROFILE") { return try named(profile, by: "WARREN_PROFILE", try settings()) }
        let kept = try settings()
        if let profile = kept.0.profile { return try named(profile, by: "the settings", kept) }
        if tokenFile != nil || ca != nil { throw CommandFailure(usage: "--token-file and --ca go with --url: add it") }
        return nil
    }

    private func named(
        _ name: String, by origin: String, _ kept: (settings: Settings, file: SettingsFile?)
    ) throws -> (ControllerAddress, Origin) {
        guard let profile = kept.settings.profiles[name] else { throw Self.unknown(name, by: origin, kept.settings) }
        let resolve: (String) -> String = { kept.file?.resolve($0) ?? $0 }
        let source = Origin(text: "the profile '\(name)', by \(origin)", profile: name)
        if let socket = profile.socket { return (.socket(path: resolve(socket)), source) }
        guard let url = profile.url, let token = tokenFile ?? profile.tokenFile.map(resolve) else {
            throw CommandFailure(
                usage: "the profile '\(name)' \(profile.fault ?? "names no controller"); see 'warren help settings'")
        }
        return (.https(url: url, tokenFile: token, authorityFile: ca ?? profile.ca.map(resolve)), source)
    }

    static func unknown(_ name: String, by origin: String, _ settings: Settings) -> CommandFailure {
        let known = settings.profiles.keys.sorted()
        return CommandFailure(
            usage: "there is no profile '\(name)', which \(origin) names\(Suggestion.question(name, among: known)): "
                + "'warren profile list' shows those there are, 'warren profile add' makes one")
    }
}
