import ArgumentParser
import Foundation
import WarrenClient
import WarrenModel
import WarrenStatus

/// `warren status --watch`: the status on the whole screen, asked again and again.
struct StatusScreen {
    let question: StatusQuestion
    let isWide: Bool
    let controller: ControllerOptions

    private enum News: Sendable {
        case screen(Screen.Event)
        case status(MeshStatus)
        case failure(String)
    }

    /// Returns when the operator has seen enough; a signal ends it with that signal's exit status.
    func run() async throws {
        let address = try controller.address
        guard let screen = Screen() else {
            throw CommandFailure(usage: "--watch needs a terminal: elsewhere, run 'warren status' again and again")
        }
        defer { screen.close() }
        let (news, feed) = AsyncStream.makeStream(of: News.self)
        let question = question
        let asking = Task {
            while !Task.isCancelled {
                let began = ContinuousClock.now
                do {
                    let status = try await ControllerClient.withClient(of: address) { try await question.ask($0) }
                    feed.yield(.status(status))
                } catch {
                    feed.yield(.failure("\(error)"))
                }
                // A mesh that takes long to tell of is asked for less often.
                try await Task.sleep(for: max(.seconds(1), (ContinuousClock.now - began) * 3))
            }
        }
        let events = screen.events
        let listening = Task { for await event in events { feed.yield(.screen(event)) } }
        defer {
            asking.cancel()
            listening.cancel()
        }
        var view = StatusPage(question, isWide: isWide, colour: Terminal.usesColour, address: "\(address)")
        screen.draw(view.lines(at: .now, screen.size))
        for await item in news {
            switch item {
            case .screen(.key(.quit)): return
            case .screen(.ended(let status)): throw ExitCode(status)
            case .screen(.key(let key)): view.move(key, screen.size)
            case .screen(.resized): break
            case .status(let status): view.take(status, at: .now)
            case .failure(let text): view.failure = text
            }
            screen.draw(view.lines(at: .now, screen.size))
        }
    }
}

/// What the screen shows: a title, the visible part of the status, and a last line that says where one is. Pure but for the
/// times that it is given.
struct StatusPage {
    private let layout: StatusText.Layout
    private let address: String
    private var status: MeshStatus?
    private var asOf: ContinuousClock.Instant?
    private var viewport = Viewport()
    /// Why the last question had no answer.
    var failure: String?

    init(_ question: StatusQuestion, isWide: Bool, colour: Bool, address: String) {
        layout = StatusText.Layout(
            colour: colour, isWide: isWide, showsAll: question.showsAll, mostLines: nil, site: question.site)
        self.address = address
    }

    mutating func take(_ status: MeshStatus, at now: ContinuousClock.Instant) {
        self.status = status
        asOf = now
        failure = nil
    }

    mutating func move(_ key: Key, _ size: (rows: Int, columns: Int)) {
        let body = body(size.columns)
        viewport.move(key, lines: body.count, width: Self.width(body), rows: size.rows - 1, columns: size.columns)
    }

    /// As many lines as the screen has rows.
    mutating func lines(at now: ContinuousClock.Instant, _ size: (rows: Int, columns: Int)) -> [String] {
        let body = body(size.columns), rows = size.rows - 1
        viewport.fit(lines: body.count, width: Self.width(body), rows: rows, columns: size.columns)
        var lines = viewport.visible(body, rows: rows, columns: size.columns)
        lines += Array(repeating: "", count: max(0, rows - lines.count))
        return lines + [Viewport.cut(footer(body.count, rows, now), from: 0, size.columns)]
    }

    private func body(_ columns: Int) -> [String] {
        guard let status else { return ["asking \(address)"] }
        var layout = layout
        layout.columns = columns
        return StatusText.table(status, layout).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init)
    }

    private static func width(_ lines: [String]) -> Int { lines.map(Viewport.width).max() ?? 0 }

    private func footer(_ count: Int, _ rows: Int, _ now: ContinuousClock.Instant) -> String {
        if let failure {
            let age = asOf.map { "as of \(StatusText.span(seconds: Double((now - $0).components.seconds))) ago; " } ?? ""
            return "\(age)\(failure)"
        }
        let place = count > rows ? "lines \(viewport.top + 1)-\(min(count, viewport.top + rows)) of \(count)   " : ""
        return place + "q quits" + (count > rows ? ", arrows move" : "")
    }
}
