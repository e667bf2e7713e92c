import Foundation
import WarrenClient
import Yams

/// What the operator keeps in a file: which controllers there are, which of them is meant, and whether to colour.
///
///     profile: production
///     color: auto
///     profiles:
///       lab: {socket: /run/warren-lab/api.sock}
///       production:
///         url: https://controller.example.net:8443
///         token-file: production.token
///         ca: ca.pem
///         inventory: ~/meshes/acme
struct Settings: Sendable, Hashable {
    /// The profile that is meant where nothing else says so.
    var profile: String?
    var colour: ColourChoice?
    /// By name.
    var profiles: [String: Profile] = [:]

    /// One controller. Paths are absolute or begin with `~/`; others are counted from the folder of the settings' file.
    struct Profile: Sendable, Hashable, Codable {
        var socket: String?
        var url: String?
        var tokenFile: String?
        var ca: String?
        /// Where the names of sites are looked up, for the shell's completion, while no controller answers.
        var inventory: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case socket, url
            case tokenFile = "token-file"
            case ca, inventory
        }

        /// Why it names no controller; nil when it does.
        var fault: String? {
            switch (socket, url) {
            case (nil, nil): "gives neither socket nor url"
            case (.some, .some): "gives both socket and url: keep one"
            case (.some, nil): tokenFile ?? ca == nil ? nil : "gives token-file or ca, which go with url"
            case (nil, .some(let url)) where !url.hasPrefix("https://"): "has a url that does not start with https://"
            case (nil, .some): tokenFile == nil ? "gives url without token-file" : nil
            }
        }
    }

    /// Letters, digits, `-`, `_` and `.`, at most 64 of them, not beginning with `-` or `.`.
    static func isProfileName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && !name.hasPrefix("-") && !name.hasPrefix(".")
            && name.utf8.allSatisfy {
                (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
            }
    }

    /// The settings that `text` says; `source` names it in complaints.
    static func parse(_ text: String, source: String) throws -> Settings {
        let file: File
        do {
            guard let node = try Yams.compose(yaml: text) else { return Settings() }
            try requireKnownKeys(node, source: source)
            file = try YAMLDecoder().decode(File.self, from: node)
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as DecodingError {
            throw CommandFailure(usage: "'\(source)': \(explanation(of: error)): correct it, or see 'warren help settings'")
        } catch {
            throw CommandFailure(usage: "'\(source)' is not YAML: \(error): correct it, or see 'warren help settings'")
        }
        for (name, profile) in (file.profiles ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard isProfileName(name) else {
                throw CommandFailure(usage: "'\(source)': '\(name)' cannot name a profile: rename it")
            }
            if let fault = profile.fault {
                throw CommandFailure(usage: "'\(source)': the profile '\(name)' \(fault); see 'warren help settings'")
            }
        }
        return Settings(profile: file.profile, colour: file.color, profiles: file.profiles ?? [:])
    }

    /// The file's text; `parse` gives the same settings back.
    func text() throws -> String {
        let encoder = YAMLEncoder()
        encoder.options.sortKeys = true
        return try encoder.encode(File(profile: profile, color: colour, profiles: profiles.isEmpty ? nil : profiles))
    }

    private struct File: Codable {
        var profile: String?
        var color: ColourChoice?
        var profiles: [String: Profile]?
    }

    private static func requireKnownKeys(_ node: Node, source: String) throws {
        try require(node, ["profile", "color", "profiles"], source)
        for (_, profile) in node.mapping?["profiles"]?.mapping ?? [:] {
            try require(profile, Profile.CodingKeys.allCases.map(\.rawValue), source)
        }
    }

    private static func require(_ node: Node, _ known: [String], _ source: String) throws {
        for (key, _) in node.mapping ?? [:] {
            guard let name = key.string, !known.contains(name) else { continue }
            let place = key.mark.map { ":\($0.line):\($0.column)" } ?? ""
            throw CommandFailure(
                usage: "\(source)\(place): there is no setting '\(name)'\(Suggestion.question(name, among: known)): "
                    + "these are: \(known.joined(separator: ", "))")
        }
    }

    private static func explanation(of error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "it is not a mapping of settings" : "'\(path)' cannot have this value"
        @unknown default: return "it cannot be read"
        }
    }
}
