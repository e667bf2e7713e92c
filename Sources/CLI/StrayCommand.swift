import ArgumentParser

/// A word on the command line that stands where a command is expected, and is none.
struct StrayCommand {
    let message: String

    /// Nil when every command on the way is one.
    init?(in arguments: [String], of root: any ParsableCommand.Type) {
        var command = root, path = [root._commandName]
        var words = arguments[...]
        if words.first == "help" { words = words.dropFirst() }
        for word in words {
            let known = command.configuration.subcommands
            guard !known.isEmpty, !word.hasPrefix("-") else { return nil }
            guard let next = known.first(where: { $0._commandName == word }) else {
                // What is no command may be meant for the one that stands for all.
                guard command.configuration.defaultSubcommand == nil || Self.nearest(word, known) != nil else { return nil }
                let hint = Self.nearest(word, known).map { ": did you mean '\($0)'?" } ?? "."
                let place = path.joined(separator: " ")
                message = "there is no command '\(place) \(word)'\(hint) '\(place) --help' lists those there are"
                return
            }
            command = next
            path.append(word)
        }
        return nil
    }

    private static func nearest(_ word: String, _ known: [any ParsableCommand.Type]) -> String? {
        Suggestion.nearest(word, among: known.filter { $0.configuration.shouldDisplay }.map { $0._commandName })
    }
}
