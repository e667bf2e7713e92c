/// Manual pages from what programs tell of themselves: the same definitions that parse their command lines.
///
/// `CommandHelp` is what `PROGRAM --experimental-dump-help` prints; each program becomes a page, and so does each command of
/// it, with the commands below that as its sections. Pages are in mdoc(7).
public struct Manual: Sendable {
    /// What each page's heading says.
    public struct Edition: Sendable {
        /// Such as `November 24, 2026`.
        public var date: String
        /// Such as `Warren 0.1.0`.
        public var system: String
        public init(date: String, system: String) {
            self.date = date
            self.system = system
        }
    }

    public struct Page: Sendable, Hashable {
        /// Without the section's number: `warren-plan`.
        public let name: String
        public let section: Int
        public let text: String
        public var fileName: String { "\(name).\(section)" }
    }

    let edition: Edition

    public init(_ edition: Edition) { self.edition = edition }

    /// A program's page, and one for each of its commands.
    ///
    /// - Parameter section: 1 for what people run, 8 for what systems run.
    public func pages(of program: CommandHelp, section: Int) -> [Page] {
        let names = program.commands.map { "\(program.commandName)-\($0.commandName)" }
        let first = page(program, called: [program.commandName], section: section, seeAlso: names) { page in
            guard !program.commands.isEmpty else { return }
            page.heading("COMMANDS")
            page.list(program.commands.map { ("Xr \(program.commandName)-\($0.commandName) \(section)", $0.abstract ?? "") })
        }
        return [first]
            + program.commands.map { command in
                let path = [program.commandName, command.commandName]
                return page(command, called: path, section: section, seeAlso: [program.commandName]) { page in
                    guard !command.commands.isEmpty else { return }
                    page.heading("COMMANDS")
                    for nested in command.commands { page.command(nested, path: path) }
                    page.options(Self.shared(by: command.commands), title: "OPTIONS")
                }
            }
    }

    private func page(
        _ command: CommandHelp, called path: [String], section: Int, seeAlso: [String], _ commands: (inout Mdoc) -> Void
    ) -> Page {
        let name = path.joined(separator: "-")
        var page = Mdoc(name: name, section: section, edition: edition)
        let (discussion, exitStatus) = command.discussionParts
        page.title(name, abstract: command.abstract ?? "")
        page.heading("SYNOPSIS")
        page.synopsis(command, path: path)
        page.heading("DESCRIPTION")
        page.text(command.abstract ?? "")
        page.text(discussion)
        commands(&page)
        page.options(command.options, title: "OPTIONS")
        if let exitStatus {
            page.heading("EXIT STATUS")
            page.text(exitStatus)
        }
        if !seeAlso.isEmpty {
            page.heading("SEE ALSO")
            page.references(seeAlso.sorted(), section: section)
        }
        return Page(name: name, section: section, text: page.finished)
    }

    /// The options that commands have in common by way of a titled group, each once.
    private static func shared(by commands: [CommandHelp]) -> [ArgumentHelp] {
        var seen: Set<String> = []
        return commands.flatMap { $0.options }.filter { $0.sectionTitle != nil && seen.insert($0.term).inserted }
    }
}
