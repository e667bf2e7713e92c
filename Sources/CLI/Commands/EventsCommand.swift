import ArgumentParser
import Foundation
import WarrenAPIModel
import WarrenClient
import WarrenModel

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "What happened: changes, agents that came and went, links that went up and down.",
        discussion: """
            The oldest first. Without --since, the last ones.

              warren events --since 1h --site berlin
              warren events --follow -o json-line

            EXIT STATUS: 0 shown; 130 interrupted while following; others as 'warren help exit-codes' says.
            """)

    @Option(
        help: ArgumentHelp(
            "From when on: 15m, 1h, 2d ago, a time like 2026-01-31T09:30:00Z, or all after an event's number.",
            valueName: "when"))
    var since: EventTime?

    @Option(help: ArgumentHelp("Only of this site, or a link of it.", valueName: "name"))
    var site: SiteName?

    @Option(
        help: ArgumentHelp("Only of this link: berlin--tokyo.", valueName: "link"),
        completion: .custom { words, _, _ in await NameCompletion.links(in: words) })
    var link: LinkID?

    @Option(help: ArgumentHelp("Only of this kind, such as link-down or generation-accepted.", valueName: "kind"))
    var kind: String?

    @Option(name: [.customShort("n"), .long], help: "At most so many, 1 to 1000. (default: 50, with --since 1000)")
    var limit: Int?

    @Flag(name: .shortAndLong, help: "Go on showing what happens, until interrupted.")
    var follow = false

    @Option(name: .shortAndLong, help: "text, json, or json-line: one JSON object for each event.")
    var output = Format.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
        case jsonLine = "json-line"
    }

    func validate() throws {
        if follow, output == .json { throw ValidationError("--follow never ends a JSON list: take -o json-line.") }
        if let limit, !(1...1000).contains(limit) { throw ValidationError("--limit takes 1 to 1000.") }
    }

    func run() async throws {
        let query = ControllerClient.EventQuery(
            since: since?.query(now: .now), site: site, link: link, kind: kind, limit: limit ?? (since == nil ? 50 : nil))
        let output = output, follow = follow
        let sites = [site].compactMap(\.self) + (link?.sites ?? [])
        let controller = controller
        try await cancellingOnSignal {
            try await controller.withClient(about: sites) { client in
                let events = try await client.events(query)
                // A site that left may still have events; one that has none was perhaps never there.
                if events.isEmpty, let error = await ControllerOptions.unknownSite(among: sites, client) { throw error }
                try Self.show(events, as: output)
                if follow { try await Self.follow(query, after: events.last?.number, client, output) }
            }
        }
    }

    private static func follow(
        _ query: ControllerClient.EventQuery, after number: UInt64?, _ client: ControllerClient, _ output: Format
    ) async throws {
        var query = query, last = number
        // Where nothing matched so far, whatever happens from now on is new.
        if last == nil { last = try await client.events(.init(limit: 1)).last?.number ?? 0 }
        query.limit = 1000
        while true {
            query.since = last.map(String.init)
            let events = try await client.events(query)
            try show(events, as: output)
            last = events.last?.number ?? last
            if events.count < 1000 { try await Task.sleep(for: .seconds(1)) }
        }
    }

    private static func show(_ events: [APIMessage.Event], as output: Format) throws {
        switch output {
        case .text: Terminal.show(events.map(EventText.line).joined())
        case .json: try Terminal.show(json: events)
        case .jsonLine: for event in events { Terminal.show(try Terminal.jsonLine(event)) }
        }
    }
}

/// `1h` ago, a time, or an event's number.
struct EventTime: ExpressibleByArgument {
    private enum Kind { case ago(TimeSpan), time(String), number(UInt64) }
    private let kind: Kind

    init?(argument: String) {
        if let number = UInt64(argument) {
            kind = .number(number)
        } else if let span = TimeSpan(argument: argument) {
            kind = .ago(span)
        } else if (try? Date(argument, strategy: .iso8601)) != nil {
            kind = .time(argument)
        } else {
            return nil
        }
    }

    /// What the controller is asked.
    func query(now: Date) -> String {
        switch kind {
        case .number(let number): "\(number)"
        case .time(let text): text
        case .ago(let span): (now - Double(span.seconds)).formatted(.iso8601)
        }
    }
}

extension LinkID: ExpressibleByArgument {
    /// `berlin--tokyo`, in either order.
    public init?(argument: String) {
        guard let separator = argument.firstRange(of: "--"), let a = SiteName(String(argument[..<separator.lowerBound])),
            let b = SiteName(String(argument[separator.upperBound...]))
        else { return nil }
        self.init(a, b)
    }

    public static var defaultCompletionKind: CompletionKind {
        .custom { words, _, _ in await NameCompletion.links(in: words) }
    }
}
