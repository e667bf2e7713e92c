import ArgumentParser
import WarrenAPIModel
import WarrenClient
import WarrenModel

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Try with real packets what the inventory's tests promise, and the way between gateways.",
        discussion: """
            The agents send the packets: each from its gateway's private address. A test that names a site is tried against \
            that site's gateway, one that names an address against that; a test that expects 'unreachable' holds while nobody \
            answers. Then each pair of gateways that a link joins, or the pair that --from and --to name.

            EXIT STATUS: 0 all hold; 1 one does not, or could not be tried; others as 'warren help exit-codes' says.
            """)

    @Option(help: ArgumentHelp("Only from this site's gateway.", valueName: "site"))
    var from: SiteName?

    @Option(
        help: ArgumentHelp("Only to this site; with --from, this pair, whether or not a link joins it.", valueName: "site"))
    var to: SiteName?

    @Option(help: ArgumentHelp("Echo requests for each, 1 to 20.", valueName: "number"))
    var count = 3

    @Option(help: ArgumentHelp("Try at most so many, 1 to 10000.", valueName: "number"))
    var limit = 1_000

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    /// Packets of so many trials are under way at once.
    private static let atOnce = 8

    func validate() throws {
        guard APIMessage.VerificationRequest.counts.contains(count) else {
            throw ValidationError("--count takes a number from 1 to 20.")
        }
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 10000.") }
        guard from == nil || from != to else { throw ValidationError("--from and --to name two sites.") }
    }

    func run() async throws {
        let (from, to, limit) = (from, to, limit)
        let results = try await controller.withClient(about: [from, to].compactMap(\.self)) { client in
            let there = try await client.verifications(from: from, to: to, limit: limit)
            if there.left > 0 {
                Terminal.note("\(there.left) more are not tried: choose by --from and --to, or raise --limit")
            }
            return try await tryAll(there.trials, client)
        }
        switch output {
        case .json: try Terminal.show(json: results)
        case .text: Terminal.show(VerificationText.table(results, colour: Terminal.usesColour))
        }
        guard results.allSatisfy({ $0.verdict == .holds }) else { throw ExitCode(ExitStatus.not) }
    }

    /// In the order of `trials`; tells how far it is meanwhile.
    private func tryAll(_ trials: [APIMessage.Trial], _ client: ControllerClient) async throws -> [APIMessage.Verification] {
        let count = count
        var progress = ProgressNotes(of: trials.count)
        return try await withThrowingTaskGroup(of: (Int, APIMessage.Verification).self) { group in
            var results: [Int: APIMessage.Verification] = [:]
            for (place, trial) in trials.enumerated() {
                if place >= Self.atOnce, let (done, result) = try await group.next() {
                    results[done] = result
                    progress.note(results.count)
                }
                group.addTask {
                    let request = APIMessage.VerificationRequest(
                        from: trial.from, to: trial.to, expect: trial.expect, count: count)
                    return (place, try await client.verify(request))
                }
            }
            for try await (done, result) in group {
                results[done] = result
                progress.note(results.count)
            }
            return trials.indices.compactMap { results[$0] }
        }
    }
}

/// Tells at each tenth of a long way how far it is.
private struct ProgressNotes {
    private let total: Int
    private var told = 0

    init(of total: Int) { self.total = total }

    mutating func note(_ done: Int) {
        guard total >= 20, done * 10 / total > told else { return }
        told = done * 10 / total
        Terminal.note("\(done) of \(total)")
    }
}
