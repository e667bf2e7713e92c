import WarrenModel
import WarrenStore

extension Controller {
    /// Has the agent of a site capture packets: `CaptureChunk`s, of which the first says that it has begun. That somebody did is
    /// an event. Throws as `ask` does.
    public func capture(
        on site: SiteName, _ question: CaptureQuestion, by principal: Principal
    ) async throws -> AnswerSequence {
        let answer = try ask(site, .capture(question), milliseconds: question.milliseconds)
        let what = question.isWhole ? "whole packets" : "headers of packets"
        let whose = question.peer.map { "with '\($0)'" } ?? "with its peers"
        await note(
            .captureBegun, site: site,
            text: "\(principal.name) captures \(what) that '\(site)' exchanges \(whose), for \(question.seconds) s at most")
        return answer
    }

    /// What the agent of a site tells of its gateway for whoever looks for a fault. Throws as `ask` does.
    public nonisolated func facts(of site: SiteName) async throws -> [Fact] {
        var facts: [Fact] = []
        for try await chunk in try await ask(site, .facts, milliseconds: Self.factsPatience) {
            if case .facts(let fact) = chunk, !facts.contains(where: { $0.name == fact.name }) { facts.append(fact) }
        }
        try Task.checkCancellation()
        return facts
    }

    private static let factsPatience: UInt32 = 15_000
}
