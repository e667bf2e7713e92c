/// A program or command as it describes itself: the part of ArgumentParser's `ToolInfoV0` that a page needs.
public struct CommandHelp: Sendable, Decodable {
    public let commandName: String
    public let abstract: String?
    public let discussion: String?
    let shouldDisplay: Bool?
    let subcommands: [CommandHelp]?
    let arguments: [ArgumentHelp]?

    /// What `--experimental-dump-help` prints, around the program itself.
    public struct Dump: Sendable, Decodable {
        public let command: CommandHelp
    }

    /// Those that somebody would look for.
    var commands: [CommandHelp] { (subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false } }

    /// The options and flags but for `--help` and `--version`, which every command has.
    var options: [ArgumentHelp] {
        (arguments ?? []).filter { argument in
            argument.kind != "positional" && argument.shouldDisplay != false
                && argument.names?.contains { ["help", "version"].contains($0.name) } != true
        }
    }
    var operands: [ArgumentHelp] { (arguments ?? []).filter { $0.kind == "positional" && $0.shouldDisplay != false } }

    /// The discussion without its `EXIT STATUS: …` paragraph, and that.
    var discussionParts: (rest: String, exitStatus: String?) {
        let mark = "EXIT STATUS: "
        let paragraphs = (discussion ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        guard let place = paragraphs.firstIndex(where: { $0.hasPrefix(mark) }) else { return (discussion ?? "", nil) }
        let end = paragraphs[place...].firstIndex { $0.isEmpty } ?? paragraphs.endIndex
        let status = paragraphs[place..<end].joined(separator: "\n").dropFirst(mark.count)
        return ((paragraphs[..<place] + paragraphs[end...]).joined(separator: "\n"), String(status))
    }
}

public struct ArgumentHelp: Sendable, Decodable {
    struct Name: Sendable, Decodable {
        let kind: String
        let name: String
        /// As it is typed, without the first hyphen, which mdoc's Fl adds.
        var flag: String { kind == "long" ? "-\(name)" : name }
    }

    let kind: String
    let shouldDisplay: Bool?
    let sectionTitle: String?
    let isOptional: Bool?
    let isRepeating: Bool?
    let names: [Name]?
    let valueName: String?
    let defaultValue: String?
    let allValues: [String]?
    let abstract: String?

    /// `Fl o , Fl -output Ar format`, as an mdoc list item says it.
    var term: String {
        let flags = (names ?? []).sorted { $0.kind != "long" && $1.kind == "long" }.map { "Fl \(Mdoc.escaped($0.flag))" }
        let joined = flags.joined(separator: " , ")
        guard kind == "option", let valueName else { return joined }
        return "\(joined) Ar \(Mdoc.escaped(valueName))"
    }

    /// What it is for, and what it is unless given.
    var explanation: String {
        var parts = [abstract ?? ""]
        if let allValues, kind == "option", !allValues.allSatisfy({ (abstract ?? "").contains($0) }) {
            parts.append("One of \(allValues.joined(separator: ", ")).")
        }
        if let defaultValue, !(abstract ?? "").contains("(default:") { parts.append("(default: \(defaultValue))") }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
