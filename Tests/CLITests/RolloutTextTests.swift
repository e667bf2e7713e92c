import Testing
import WarrenAPIModel
import WarrenModel
import WarrenRollout

@testable import WarrenCLI

@Suite struct RolloutTextTests {
    @Test func barsAreFullOnlyAtTheEnd() {
        #expect(RolloutText.bar(0, of: 7) == String(repeating: "░", count: 20))
        #expect(RolloutText.bar(6, of: 7).hasSuffix("░"))
        #expect(RolloutText.bar(7, of: 7) == String(repeating: "█", count: 20))
        #expect(RolloutText.bar(3, of: 0) == String(repeating: "░", count: 20))
    }

    /// A roll-out that has just begun: its canary has its turn, and the steps that follow are announced.
    @Test func aRolloutShowsItsWavesAndSteps() throws {
        let sites = try ["berlin", "lima", "oslo", "tokyo"].map { try #require(SiteName($0)) }
        let links = try sites.dropFirst().map { try #require(LinkID(sites[0], $0)) }
        var rollout = Rollout(
            generation: Generation(rawValue: 5),
            fleet: RolloutFleet(
                changes: Dictionary(uniqueKeysWithValues: sites.map { ($0, [.expand, .contract]) }), links: links,
                changedLinks: links))
        _ = rollout.start(connected: Set(sites), up: Set(links), now: MonotonicTime(nanoseconds: 1))
        let text = RolloutText.view(RolloutView(rollout), from: Generation(rawValue: 4))
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "roll-out to generation 5 from 4: running")
        #expect(lines[1].hasPrefix("  expand     canary") && lines[1].hasSuffix("0/2  running"), "\(text)")
        #expect(text.contains("contract") && text.contains("0/4  pending"), "\(text)")
        #expect(text.contains("under way: "), "\(text)")
    }

    @Test(arguments: [
        (["apply", "x.yaml", "--batches", "50,20"], "--batches"),
        (["apply", "x.yaml", "--max-failures", "many"], "--max-failures"),
        (["apply", "x.yaml", "--canary", "Berlin"], "--canary"), (["apply", "x.yaml", "--limit", "tag="], "--limit"),
        (["psk", "rotate"], "--all"), (["psk", "rotate", "--link", "berlin", "berlin", "--yes"], "two sites"),
        (["rollout", "show", "0"], "generation"), (["site", "drain"], "<site>"),
    ])
    func badArgumentsAreNamed(arguments: [String], word: String) throws {
        let refused = try Program.run(list: arguments)
        #expect(refused.status == 2 && refused.output.isEmpty)
        #expect(refused.errorOutput.contains(word), "\(refused.errorOutput)")
    }

    @Test func whatRollsOutAsksFirst() throws {
        let refused = try Program.run("psk", "rotate", "--all", "--socket", "/nonexistent/api.sock")
        #expect(refused.status == 2 && refused.errorOutput.contains("--yes"))
    }

    @Test func argumentsBecomeAStrategy() throws {
        let options = try StrategyOptions.parse([
            "--canary", "berlin,tokyo", "--batches", "10,50", "--max-failures", "5%", "--on-failure", "halt", "--limit",
            "tag=europe", "--limit", "lima", "--settle", "2s",
        ])
        let expected = APIMessage.Strategy(
            canary: APIMessage.Canary(.sites(Set(["berlin", "tokyo"].compactMap { SiteName($0) }))), batches: [10, 50, 100],
            maxFailures: APIMessage.Allowance(.percent(5)), onFailure: .halt, settleSeconds: 2,
            limitSites: ["lima"].compactMap { SiteName($0) }, limitTags: ["europe"])
        #expect(options.strategy == expected)
        #expect(try StrategyOptions.parse([]).strategy == nil)
    }
}
