import WarrenModel

/// What is wrong with a link: the checks that a person makes by hand, in the order in which one needs the other.
public struct LinkDiagnosis: Sendable, Hashable, Codable {
    public var link: LinkID
    /// As the controller tells it.
    public var state: LinkState
    public var steps: [DiagnosisStep]
    /// The first of the steps that fails; nil when none does.
    public var firstFailure: DiagnosisStep.Check?

    public init(link: LinkID, state: LinkState, steps: [DiagnosisStep]) {
        self.link = link
        self.state = state
        self.steps = steps
        firstFailure = steps.first { $0.verdict == .failed }?.check
    }

    /// Every check was made, and holds.
    public var isWell: Bool { steps.allSatisfy { $0.verdict == .ok } }
}

/// One check of a link, and what came of it.
public struct DiagnosisStep: Sendable, Hashable, Codable {
    public enum Check: String, Sendable, Hashable, Codable, CaseIterable {
        /// The link shall be, and the addresses of both ends are known.
        case plan
        /// Both agents answer, and run what they shall.
        case agents
        /// Each gateway has a way to the other's public address.
        case gateway
        /// IKE gets through, both ways.
        case port
        case proposal
        case keys
        case selectors
        /// Each end has a child SA whose SPIs are the other's.
        case associations
        case policies
        case routes
        /// The tunnel's interface is there, up and numbered.
        case gif
        /// A packet as large as the tunnel's MTU crosses it.
        case mtu
        case firewall
        /// The gateways' private addresses answer each other through the tunnel.
        case echo
    }

    public enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
        case ok
        case failed
        /// What it takes to know cannot be had.
        case unknown
        /// Not looked at, for what it needs has failed.
        case skipped
    }

    public var check: Check
    public var verdict: Verdict
    /// What was found, a sentence each, with the site that it is about.
    public var evidence: [String]
    /// What to do about a failure.
    public var remedy: String?

    public init(_ check: Check, _ verdict: Verdict, _ evidence: [String] = [], remedy: String? = nil) {
        self.check = check
        self.verdict = verdict
        self.evidence = evidence
        self.remedy = remedy
    }
}
