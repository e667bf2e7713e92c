import ArgumentParser
import Foundation
import Synchronization

/// Whether what is shown is coloured.
enum ColourChoice: String, ExpressibleByArgument, CaseIterable, Codable, Sendable {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    case auto
    case always, never
}

/// How much is said beside the answer, and in which colours. Parsing puts it into effect.
struct TerminalOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Say nothing on standard error but what went wrong.")
    var quiet = false

    @Option(
        help: ArgumentHelp(
            "Colour: auto, always or never. (default: WARREN_COLOR, the settings' color, or auto)", valueName: "when"))
    var color: ColourChoice?

    func validate() throws { Terminal.manners.withLock { $0 = Terminal.Manners(isQuiet: quiet, colour: color) } }
}

extension Terminal {
    /// What the operator asked of everything that is shown.
    struct Manners: Sendable {
        var isQuiet = false
        var colour: ColourChoice?
    }

    static let manners = Mutex(Manners())

    /// Whether standard output takes colour: by option, environment (https://no-color.org), settings, and what it is.
    static var usesColour: Bool {
        let environment = ProcessInfo.processInfo.environment
        let choice = manners.withLock(\.colour) ?? chosen(in: environment) ?? kept(environment) ?? .auto
        switch choice {
        case .always: return true
        case .never: return false
        case .auto: return isatty(1) == 1 && environment["TERM"] != "dumb"
        }
    }

    private static func chosen(in environment: [String: String]) -> ColourChoice? {
        if let choice = environment["WARREN_COLOR"].flatMap(ColourChoice.init(rawValue:)) { return choice }
        return (environment["NO_COLOR"] ?? "").isEmpty ? nil : .never
    }

    /// Settings that cannot be read are complained about where a controller is looked for in them.
    private static func kept(_ environment: [String: String]) -> ColourChoice? {
        (try? SettingsFile(option: nil, environment: environment)?.load())?.colour
    }
}
