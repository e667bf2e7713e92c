import WarrenModel

extension LinkDiagnosis {
    /// Makes every check, in order.
    public init(_ facts: LinkFacts) {
        var diagnosing = Diagnosing(facts: facts)
        for check in DiagnosisStep.Check.allCases { diagnosing.make(check) }
        self.init(link: facts.status.link, state: facts.status.state, steps: diagnosing.steps)
    }
}

/// The steps of one diagnosis so far.
struct Diagnosing {
    let facts: LinkFacts
    private(set) var steps: [DiagnosisStep] = []

    init(facts: LinkFacts) { self.facts = facts }

    /// What a check finds.
    struct Findings {
        var failures: [String] = []
        var gaps: [String] = []
        var facts: [String] = []
        /// What was not looked at, and why.
        var omissions: [String] = []
        var remedy: String?

        func step(_ check: DiagnosisStep.Check) -> DiagnosisStep {
            let verdict: DiagnosisStep.Verdict =
                !failures.isEmpty
                ? .failed : !gaps.isEmpty ? .unknown : !omissions.isEmpty || facts.isEmpty ? .skipped : .ok
            return DiagnosisStep(
                check, verdict, failures + gaps + omissions + facts, remedy: verdict == .failed ? remedy : nil)
        }
    }

    mutating func make(_ check: DiagnosisStep.Check) { steps.append(findings(of: check).step(check)) }

    private func findings(of check: DiagnosisStep.Check) -> Findings {
        if check != .plan, check != .agents, failed(.plan) { return Findings(omissions: ["there is no tunnel to look at"]) }
        switch check {
        case .plan: return plan()
        case .agents: return agents()
        case .gateway: return gateway()
        case .port: return port()
        case .proposal: return proposal()
        case .keys: return keys()
        case .selectors: return selectors()
        case .associations: return associations()
        case .policies: return policies()
        case .routes: return routes()
        case .gif: return gif()
        case .mtu: return mtu()
        case .firewall: return firewall()
        case .echo: return echo()
        }
    }

    func failed(_ check: DiagnosisStep.Check) -> Bool { steps.contains { $0.check == check && $0.verdict == .failed } }

    /// What `look` finds at each end that could be looked at; a gap for each other one.
    func eachSeenEnd(_ look: (LinkFacts.End, LinkObservation, inout Findings) -> Void) -> Findings {
        var findings = Findings()
        for end in facts.ends {
            if let seen = end.seen {
                look(end, seen, &findings)
            } else {
                findings.gaps.append("\(end.site): nothing can be seen there")
            }
        }
        return findings
    }
}
