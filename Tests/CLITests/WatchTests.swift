import Foundation
import Glibc
import Testing

/// `warren status --watch` on a real pseudo-terminal: it takes the screen, and gives it back however it ends.
@Suite struct WatchTests {
    private static let enter = "\u{1B}[?1049h", leave = "\u{1B}[?1049l"

    /// How it is told to end, and with what it ends then.
    enum Ending: CaseIterable { case q, interrupt, terminate, hangUp }

    @Test(.timeLimit(.minutes(1)), arguments: Ending.allCases)
    func theTerminalIsAsBefore(ending: Ending) async throws {
        let terminal = try PseudoTerminal(rows: 10, columns: 60)
        let before = try terminal.settings()
        let process = try terminal.run(["status", "--watch", "--socket", "/nonexistent/api.sock"])
        let shown = try terminal.read(until: "does not answer")
        #expect(shown.contains(Self.enter))
        #expect(try terminal.settings() != before)
        switch ending {
        case .q: terminal.type("q")
        case .interrupt: kill(process.processIdentifier, SIGINT)
        case .terminate: kill(process.processIdentifier, SIGTERM)
        case .hangUp: kill(process.processIdentifier, SIGHUP)
        }
        #expect(try terminal.read(until: Self.leave).contains("\u{1B}[?25h"))
        process.waitUntilExit()
        let status: Int32 =
            switch ending {
            case .q: 0
            case .interrupt: 130
            case .terminate: 143
            case .hangUp: 129
            }
        #expect(process.terminationStatus == status && process.terminationReason == .exit)
        #expect(try terminal.settings() == before)
    }

    /// What is drawn fits the screen, also after it has changed its size.
    @Test(.timeLimit(.minutes(1))) func itFollowsTheScreensSize() throws {
        let terminal = try PseudoTerminal(rows: 10, columns: 60)
        let process = try terminal.run(["status", "--watch", "--socket", "/nonexistent/api.sock"])
        #expect(try terminal.read(until: "\u{1B}[J").components(separatedBy: "\r\n").count == 10)
        terminal.resize(rows: 4, columns: 20)
        kill(process.processIdentifier, SIGWINCH)
        // A question may have been answered meanwhile: the size counts from the next drawing on.
        var drawn = try terminal.read(until: "\u{1B}[J")
        if drawn.components(separatedBy: "\r\n").count != 4 { drawn = try terminal.read(until: "\u{1B}[J") }
        #expect(drawn.components(separatedBy: "\r\n").count == 4)
        terminal.type("q")
        _ = try terminal.read(until: Self.leave)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func itNeedsATerminal() throws {
        let process = try Program.run("status", "--watch", "--socket", "/nonexistent/api.sock")
        #expect(process.status == 2 && process.errorOutput.contains("--watch needs a terminal"))
    }
}
