import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStatus

/// What can be tried between the gateways of the mesh, and what comes of it.
extension Controller {
    /// One thing to try: a gateway's packet to another's private address, or to any address.
    public struct Trial: Sendable, Hashable {
        public let from: SiteName
        public let to: ReachabilityTest.Target
        public let expect: ReachabilityTest.Expectation
        /// One of the inventory's `tests`.
        public let isTest: Bool

        public init(
            from: SiteName, to: ReachabilityTest.Target, expect: ReachabilityTest.Expectation = .reachable,
            isTest: Bool = false
        ) {
            self.from = from
            self.to = to
            self.expect = expect
            self.isTest = isTest
        }
    }

    /// The inventory's tests between the given sites, and the pairs of gateways: the two given ones, whether or not a link
    /// joins them, or each link of the one that is given, or of the mesh. At most `limit`, tests first; `left`: how many more
    /// there are.
    public func trials(
        from: SiteName?, to: SiteName?, limit: Int
    ) throws -> (trials: [Trial], left: Int) {
        for site in [from, to].compactMap(\.self) where sites.live[site] == nil { throw ControllerError.unknownSite(site) }
        var trials = (control.content?.inventory.tests ?? []).filter { test in
            (from.map { $0 == test.from } ?? true) && (to.map { test.to == .site($0) } ?? true)
        }.map { Trial(from: $0.from, to: $0.to, expect: $0.expect, isTest: true) }
        var pairs = 0
        func add(_ source: SiteName, _ destination: SiteName) {
            pairs += 1
            if trials.count < limit { trials.append(Trial(from: source, to: .site(destination))) }
        }
        let tests = min(trials.count, limit), untold = trials.count - tests
        trials = Array(trials.prefix(limit))
        if let from, let to, from != to {
            add(from, to)
        } else {
            let chosen = (from ?? to).map { Set([$0]) }
            for piece in AnySequence(tracker.pieces(LinkSelection(.all, sites: chosen), now: options.clock.monotonic())) {
                for status in piece where ![.drained, .waiting].contains(status.state) {
                    let link = status.link, peer = (from ?? to).flatMap { link.peer(of: $0) }
                    switch (from, to, peer) {
                    case (let from?, _, let peer?): add(from, peer)
                    case (_, let to?, let peer?): add(peer, to)
                    default: add(link.first, link.second)
                    }
                }
            }
        }
        return (trials, untold + pairs - (trials.count - tests))
    }

    /// What came of a trial.
    public struct Verdict: Sendable, Hashable {
        public let destination: IPAddress
        /// Nil when the agent was not able to try: `reason` says why.
        public let echo: EchoAnswer?
        public let reason: String?
    }

    /// Has the gateway of a trial send its echo requests. Throws `ControllerError` for what the mesh does not have.
    public nonisolated func attempt(_ trial: Trial, count: Int) async throws -> Verdict {
        let destination = try await destination(of: trial)
        let question = EchoQuestion(to: destination, count: count)
        do {
            let answer = try await answer(of: trial.from, to: .echo(question), milliseconds: question.milliseconds + 2_000)
            guard case .echo(let echo) = answer else { throw QuestionFault.malformed(trial.from, "it is something else") }
            return Verdict(destination: destination, echo: echo, reason: echo.fault)
        } catch let fault as QuestionFault {
            return Verdict(destination: destination, echo: nil, reason: "\(fault)")
        }
    }

    private func destination(of trial: Trial) throws -> IPAddress {
        guard sites.live[trial.from] != nil else { throw ControllerError.unknownSite(trial.from) }
        switch trial.to {
        case .address(let address): return address
        case .site(let site):
            guard let address = control.mesh?.visibleAddress(of: site) else { throw ControllerError.unknownSite(site) }
            return address
        }
    }
}
