/// What the controller may ask a connected agent, beside telling it what to run. An answer says how things are; no question
/// changes the gateway.
///
/// To add a question: a case here and one in `AgentAnswer`; a message for each in `agent.proto`, as fields of `Question.body`
/// and `AnswerChunk.body`, mapped in WarrenWire's `QuestionMapping` and `AnswerMapping`; one file in
/// `Agents/AgentRuntime/Questions` that answers it, and its case in `Answering.answer`. The compiler names every place.
public enum AgentQuestion: Sendable, Hashable {
    /// Send echo requests.
    case echo(EchoQuestion)
    /// Look at everything that one link's end consists of.
    case link(LinkQuestion)
    /// Send the packets of IKE and ESP as they come.
    case capture(CaptureQuestion)
    /// Tell what may help whoever looks for a fault.
    case facts

    /// What it is called in messages for people.
    public var name: String {
        switch self {
        case .echo: "echo"
        case .link: "link"
        case .capture: "capture"
        case .facts: "facts"
        }
    }

    /// The most chunks that its answer may have.
    public var mostChunks: Int {
        switch self {
        case .echo, .link: 1
        // Each but the first has a packet.
        case .capture(let question): Int(min(question.packets, CaptureQuestion.mostPackets)) + 1
        case .facts: Fact.most
        }
    }

    /// Whether such a chunk answers such a question.
    public func isAnswered(by answer: AgentAnswer) -> Bool {
        switch (self, answer) {
        case (.echo, .echo): true
        case (.link(let question), .link(let observation)): question.peer == observation.peer
        case (.capture(let question), .capture(let chunk)):
            chunk.packets.count <= question.packets && chunk.packets.allSatisfy { $0.bytes.count <= question.longestRecord }
        case (.facts, .facts): true
        case (.echo, _), (.link, _), (.capture, _), (.facts, _): false
        }
    }
}

/// One chunk of the answer to a question.
public enum AgentAnswer: Sendable, Hashable {
    case echo(EchoAnswer)
    case link(LinkObservation)
    case capture(CaptureChunk)
    case facts(Fact)
}

/// What bounds questions, at both ends.
public enum QuestionLimits {
    /// Questions under way with one agent.
    public static let atOnce = 8
    /// Chunks on their way before the asker has taken any; it allows one more with each that it takes.
    public static let window = 16
    /// The longest time for an answer, in milliseconds.
    public static let longestMilliseconds: UInt32 = 600_000
    /// The most bytes of a capture, or of another text, in one chunk.
    public static let chunkSize = 256 << 10
}

/// Why a question has no answer, or none to its end.
public enum QuestionFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// No agent of the site is connected, or its connection ended meanwhile.
    case disconnected(SiteName)
    /// The agent's protocol knows no questions.
    case tooOld(SiteName, speaks: String, needs: String)
    /// It is being asked as much as it may be.
    case busy(SiteName)
    case timedOut(SiteName)
    /// The agent says that it cannot.
    case refused(SiteName, String)
    /// What came back is no answer to the question.
    case malformed(SiteName, String)

    public var description: String {
        switch self {
        case .disconnected(let site): "the agent of '\(site)' is not connected"
        case .tooOld(let site, let speaks, let needs):
            "the agent of '\(site)' is too old, update it: it speaks version \(speaks) of the agents' protocol, and questions "
                + "need \(needs)"
        case .busy(let site): "the agent of '\(site)' is being asked too much at once: try again"
        case .timedOut(let site): "the agent of '\(site)' did not answer in time"
        case .refused(let site, let reason): "the agent of '\(site)': \(reason)"
        case .malformed(let site, let reason): "the agent of '\(site)' gave an answer that cannot be taken: \(reason)"
        }
    }
}
