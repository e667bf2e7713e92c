import WarrenModel

extension AgentQuestion {
    /// Whether an agent of that version knows questions; why not, when it does not.
    public static func fault(asking site: SiteName, of version: WireVersion) -> QuestionFault? {
        guard version < .questions else { return nil }
        return .tooOld(site, speaks: "\(version)", needs: "\(WireVersion.questions)")
    }

    /// Nil for a question of a kind that is not known here.
    public init?(wire: Warren_Agent_V1_Question) throws(WireError) {
        switch wire.body {
        case .echo(let question): self = .echo(try EchoQuestion(wire: question))
        case .link(let question): self = .link(LinkQuestion(peer: try Field.site(question.peer, "link.peer")))
        case .capture(let question): self = .capture(try CaptureQuestion(wire: question))
        case .facts: self = .facts
        case nil: return nil
        }
    }

    public func wire(id: UInt64, milliseconds: UInt32) -> Warren_Agent_V1_Question {
        .with {
            $0.id = id
            $0.milliseconds = milliseconds
            switch self {
            case .echo(let question): $0.echo = question.wire
            case .link(let question): $0.link.peer = question.peer.description
            case .capture(let question): $0.capture = question.wire
            case .facts: $0.facts = Warren_Agent_V1_FactsQuestion()
            }
        }
    }
}

extension EchoQuestion {
    init(wire: Warren_Agent_V1_EchoQuestion) throws(WireError) {
        self.init(
            to: try Field.address(wire.destination, "echo.destination"),
            from: wire.hasSource ? try Field.address(wire.source, "echo.source") : nil,
            count: try Field.narrow(wire.count, "echo.count"),
            packetSize: try Field.narrow(wire.packetSize, "echo.packet_size"),
            dontFragment: wire.dontFragment, intervalMilliseconds: wire.intervalMilliseconds)
        if let fault { throw Field.fault("echo", fault) }
    }

    var wire: Warren_Agent_V1_EchoQuestion {
        .with {
            $0.destination = destination.wire
            if let source { $0.source = source.wire }
            $0.count = UInt32(clamping: count)
            $0.packetSize = UInt32(clamping: packetSize)
            $0.dontFragment = dontFragment
            $0.intervalMilliseconds = intervalMilliseconds
        }
    }
}
