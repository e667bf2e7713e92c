import WarrenModel
import WarrenPlan

/// All that a diagnosis is made of.
public struct LinkFacts: Sendable {
    /// One gateway's end of the link.
    public struct End: Sendable {
        public var site: SiteName
        public var peer: SiteName
        /// What the current generation says of this end.
        public var planned: LinkParts
        public var status: SiteStatus
        /// What the agent answered, or why it did not.
        public var answer: Result<LinkObservation, QuestionFault>
        /// Echo requests to the peer's outer address, to its inner one, and there as large as the tunnel takes; nil where none
        /// were sent.
        public var outerEcho: EchoAnswer?
        public var innerEcho: EchoAnswer?
        public var wholeEcho: EchoAnswer?

        public init(
            site: SiteName, peer: SiteName, planned: LinkParts = LinkParts(), status: SiteStatus,
            answer: Result<LinkObservation, QuestionFault>, outerEcho: EchoAnswer? = nil, innerEcho: EchoAnswer? = nil,
            wholeEcho: EchoAnswer? = nil
        ) {
            self.site = site
            self.peer = peer
            self.planned = planned
            self.status = status
            self.answer = answer
            self.outerEcho = outerEcho
            self.innerEcho = innerEcho
            self.wholeEcho = wholeEcho
        }

        public var observation: LinkObservation? { try? answer.get() }
        /// Nil when the agent could not look at its data plane either.
        var seen: LinkObservation? { observation.flatMap { $0.fault == nil ? $0 : nil } }
    }

    public var status: LinkStatus
    public var generation: Generation
    /// Both, in order of their names.
    public var ends: [End]

    public init(status: LinkStatus, generation: Generation, ends: [End]) {
        self.status = status
        self.generation = generation
        self.ends = ends
    }
}
