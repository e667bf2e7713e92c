import AgentCore
import Foundation
import SwiftProtobuf
import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenWire

/// Messages as versions 1.0 to 1.7 put them on the wire, kept as bytes: what was written then must be read for ever, and means
/// the same. A fixture that is there is never made anew; a new version gets new ones, with `WARREN_WRITE_FIXTURES=1`.
@Suite struct FixtureTests {
    /// All messages, in the form of the generated types, with every field that their version has set.
    private static func messages() throws -> [(name: String, message: any Message)] {
        var state = try Sample.state()
        let plain = state
        state.plan.translations = [
            try Sample.translation()
        ]
        state.plan.awaiting = [
            GatewayPlan.AwaitedPeer(peer: try #require(SiteName("oslo")), site: try #require(SiteName("oslo")), source: .agent)
        ]
        let peer = state.plan.ike[0]
        state.plan.ike[0] = IKEPeer(
            peer: peer.peer, outer: peer.outer, initiator: peer.initiator, parameters: peer.parameters,
            selectors: peer.selectors, key: peer.key,
            alternatives: [
                IKEAlternative(outer: peer.outer, parameters: IPsecParameters(), selectors: peer.selectors, key: peer.key)
            ])
        var bare = plain
        bare.plan.ike[0] = Sample.withoutUDP(bare.plan.ike[0])
        var limited = plain
        limited.plan.ike[0] = Sample.limited(limited.plan.ike[0])
        var report = try Sample.report()
        report.isOnTrial = true
        report.rejected = StateVersion(epoch: 2, generation: Generation(rawValue: 8), revision: 4)
        report.outerAddresses = [try Sample.address("203.0.113.10"), try Sample.address("2001:db8::1")]
        var later = report
        later.ike[0].runsAsPreferred = false
        var latest = later
        latest.probes[0].lossPercent = 12.5
        latest.probes[0].pathMTU = 1400
        var newest = latest
        newest.securityAssociations[0].isInUDP = true
        let version = StateVersion(epoch: 2, generation: Generation(rawValue: 7), revision: 3)
        let questions = (
            echo: AgentQuestion.echo(try Sample.echoQuestion()).wire(id: 7, milliseconds: 5_000),
            link: AgentQuestion.link(LinkQuestion(peer: try #require(SiteName("tokyo")))).wire(id: 8, milliseconds: 5_000),
            capture: AgentQuestion.capture(try Sample.captureQuestion()).wire(id: 9, milliseconds: 35_000),
            facts: AgentQuestion.facts.wire(id: 10, milliseconds: 5_000)
        )
        let answers = (
            echo: AgentAnswer.echo(try Sample.echoAnswer()).wire(to: 7),
            link: AgentAnswer.link(try Sample.linkObservation()).wire(to: 8),
            capture: AgentAnswer.capture(Sample.captureChunk()).wire(to: 9),
            facts: AgentAnswer.facts(try #require(Fact(name: "log.txt", text: "a line\n"))).wire(to: 10)
        )
        return [
            (
                "hello-1.0",
                Warren_Agent_V1_AgentMessage.with {
                    $0.hello.protocolVersion = WireVersion.first.wire
                    $0.hello.agentVersion = "0.1.0"
                    $0.hello.applied = version.wire
                    $0.hello.onTrial = true
                }
            ),
            (
                "hello-1.1",
                Warren_Agent_V1_AgentMessage.with {
                    $0.hello.protocolVersion = WireVersion.translationsAndAlternatives.wire
                    $0.hello.agentVersion = "0.1.0"
                    $0.hello.applied = version.wire
                }
            ),
            ("report-1.0", Warren_Agent_V1_AgentMessage.with { $0.report = report.wire }),
            ("report-1.2", Warren_Agent_V1_AgentMessage.with { $0.report = later.wire }),
            ("report-1.3", Warren_Agent_V1_AgentMessage.with { $0.report = latest.wire }),
            ("report-1.6", Warren_Agent_V1_AgentMessage.with { $0.report = newest.wire }),
            (
                "desired-1.0",
                Warren_Agent_V1_ControllerMessage.with {
                    $0.desired = plain.wire
                    $0.trialSeconds = 60
                }
            ),
            ("desired-1.1", Warren_Agent_V1_ControllerMessage.with { $0.desired = state.wire }),
            ("desired-1.5", Warren_Agent_V1_ControllerMessage.with { $0.desired = bare.wire }),
            ("desired-1.6", Warren_Agent_V1_ControllerMessage.with { $0.desired = limited.wire }),
            ("desired-1.7", Warren_Agent_V1_ControllerMessage.with { $0.desired = limited.wire(for: .packedPrefixes) }),
            ("confirmed-1.0", Warren_Agent_V1_ControllerMessage.with { $0.confirmed = version.wire }),
            ("question-echo-1.4", Warren_Agent_V1_ControllerMessage.with { $0.question = questions.echo }),
            ("question-link-1.4", Warren_Agent_V1_ControllerMessage.with { $0.question = questions.link }),
            ("question-capture-1.4", Warren_Agent_V1_ControllerMessage.with { $0.question = questions.capture }),
            ("question-facts-1.4", Warren_Agent_V1_ControllerMessage.with { $0.question = questions.facts }),
            (
                "credit-1.4",
                Warren_Agent_V1_ControllerMessage.with {
                    $0.credit.question = 7
                    $0.credit.chunks = 3
                }
            ),
            ("withdrawn-1.4", Warren_Agent_V1_ControllerMessage.with { $0.withdrawn = 7 }),
            ("answer-echo-1.4", Warren_Agent_V1_AgentMessage.with { $0.answer = answers.echo }),
            ("answer-link-1.4", Warren_Agent_V1_AgentMessage.with { $0.answer = answers.link }),
            ("answer-capture-1.4", Warren_Agent_V1_AgentMessage.with { $0.answer = answers.capture }),
            ("answer-facts-1.4", Warren_Agent_V1_AgentMessage.with { $0.answer = answers.facts }),
            (
                "enrol-request-1.0",
                Warren_Agent_V1_EnrolRequest.with {
                    $0.protocolVersion = WireVersion.first.wire
                    $0.token = "a token"
                    $0.certificateRequest = Data([1, 2, 3])
                    $0.site = "berlin"
                }
            ),
            (
                "enrol-response-1.0",
                Warren_Agent_V1_EnrolResponse.with {
                    $0.certificateChain = [Data([4, 5]), Data([6])]
                    $0.mesh = "acme"
                    $0.site = "berlin"
                }
            ),
            (
                "renew-request-1.0",
                Warren_Agent_V1_RenewRequest.with {
                    $0.protocolVersion = WireVersion.first.wire
                    $0.certificateRequest = Data([7, 8, 9])
                }
            ),
        ]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static let names = [
        "hello-1.0", "hello-1.1", "report-1.0", "report-1.2", "report-1.3", "report-1.6", "desired-1.0", "desired-1.1",
        "desired-1.5", "desired-1.6", "desired-1.7",
        "confirmed-1.0", "enrol-request-1.0", "question-echo-1.4", "question-link-1.4", "credit-1.4",
        "withdrawn-1.4",
        "answer-echo-1.4",
        "answer-link-1.4", "question-capture-1.4", "question-facts-1.4", "answer-capture-1.4", "answer-facts-1.4",
        "enrol-response-1.0", "renew-request-1.0",
    ]

    private func fixture(_ name: String, orOf message: any Message) throws -> [UInt8] {
        let file = Self.folder.appending(path: "\(name).hex")
        if !FileManager.default.fileExists(atPath: file.path),
            ProcessInfo.processInfo.environment["WARREN_WRITE_FIXTURES"] != nil
        {
            try Hexadecimal.text(try message.serializedBytes()).write(to: file, atomically: true, encoding: .utf8)
        }
        return try #require(Hexadecimal.bytes(try String(contentsOf: file, encoding: .utf8)))
    }

    /// The kept bytes mean what they meant, and this code writes the same.
    @Test(arguments: names) func means(name: String) throws {
        let message = try #require(try Self.messages().first { $0.name == name }).message
        let bytes = try fixture(name, orOf: message)
        func read<M: Message & Equatable>(_ type: M.Type) throws {
            let kept = try M(serializedBytes: bytes)
            #expect(kept == message as? M)
            #expect(kept.unknownFields.data.isEmpty)
        }
        switch message {
        case is Warren_Agent_V1_AgentMessage: try read(Warren_Agent_V1_AgentMessage.self)
        case is Warren_Agent_V1_ControllerMessage: try read(Warren_Agent_V1_ControllerMessage.self)
        case is Warren_Agent_V1_EnrolRequest: try read(Warren_Agent_V1_EnrolRequest.self)
        case is Warren_Agent_V1_EnrolResponse: try read(Warren_Agent_V1_EnrolResponse.self)
        case is Warren_Agent_V1_RenewRequest: try read(Warren_Agent_V1_RenewRequest.self)
        default: Issue.record("no reader")
        }
        #expect(try message.serializedBytes() == bytes)
    }

    /// The values of the model come back from the kept bytes, and go out as the same bytes.
    @Test(
        arguments: [
            ("desired-1.0", 0x1), ("desired-1.1", 0x1_0001), ("desired-1.5", 0x5_0001), ("desired-1.6", 0x6_0001),
            ("desired-1.7", 0x7_0001),
        ] as [(String, UInt32)])
    func desiredStates(name: String, version: UInt32) throws {
        let message = try #require(try Self.messages().first { $0.name == name }).message
        let kept = try Warren_Agent_V1_ControllerMessage(serializedBytes: try fixture(name, orOf: message))
        let state = try DesiredState(wire: kept.desired)
        #expect(state.wire(for: name == "desired-1.7" ? .packedPrefixes : .packetLimits) == kept.desired)
        #expect(kept.desired.protocolVersion == version)
        #expect(state.plan.translations.isEmpty == (name != "desired-1.1"))
        #expect(state.plan.ike[0].alternatives.isEmpty == (name != "desired-1.1"))
        #expect(state.plan.ike[0].parameters.encapsulation == (name == "desired-1.5" ? .esp : .auto))
        #expect(
            state.plan.ike[0].parameters.child.lifetimePackets
                == (["desired-1.6", "desired-1.7"].contains(name) ? 1 << 40 : nil))
    }

    @Test(arguments: ["report-1.0", "report-1.2", "report-1.6"]) func reports(name: String) throws {
        let message = try #require(try Self.messages().first { $0.name == name }).message
        let kept = try Warren_Agent_V1_AgentMessage(serializedBytes: try fixture(name, orOf: message))
        let report = try AgentReport(wire: kept.report, from: try #require(SiteName("berlin")))
        #expect(report.wire == kept.report)
        #expect(report.ike.map(\.runsAsPreferred) == [name == "report-1.0" ? nil : false])
        #expect(report.securityAssociations.map(\.isInUDP) == [name == "report-1.6" ? true : nil])
        #expect(report.rejected == StateVersion(epoch: 2, generation: Generation(rawValue: 8), revision: 4))
    }

    @Test func questionsAndAnswers() throws {
        func fixture<M: Message>(_ name: String, _ type: M.Type) throws -> M {
            let message = try #require(try Self.messages().first { $0.name == name }).message
            return try M(serializedBytes: try self.fixture(name, orOf: message))
        }
        let echo = try fixture("question-echo-1.4", Warren_Agent_V1_ControllerMessage.self).question
        #expect(try AgentQuestion(wire: echo) == .echo(try Sample.echoQuestion()))
        let link = try fixture("question-link-1.4", Warren_Agent_V1_ControllerMessage.self).question
        #expect(try AgentQuestion(wire: link) == .link(LinkQuestion(peer: try #require(SiteName("tokyo")))))
        let answer = try fixture("answer-echo-1.4", Warren_Agent_V1_AgentMessage.self).answer
        #expect(try AgentAnswer(wire: answer) == .echo(try Sample.echoAnswer()))
        let observation = try fixture("answer-link-1.4", Warren_Agent_V1_AgentMessage.self).answer
        #expect(try AgentAnswer(wire: observation) == .link(try Sample.linkObservation()))
        let capture = try fixture("question-capture-1.4", Warren_Agent_V1_ControllerMessage.self).question
        #expect(try AgentQuestion(wire: capture) == .capture(try Sample.captureQuestion()))
        let facts = try fixture("question-facts-1.4", Warren_Agent_V1_ControllerMessage.self).question
        #expect(try AgentQuestion(wire: facts) == .facts)
        let packets = try fixture("answer-capture-1.4", Warren_Agent_V1_AgentMessage.self).answer
        #expect(try AgentAnswer(wire: packets) == .capture(Sample.captureChunk()))
        let fact = try fixture("answer-facts-1.4", Warren_Agent_V1_AgentMessage.self).answer
        #expect(try AgentAnswer(wire: fact) == .facts(try #require(Fact(name: "log.txt", text: "a line\n"))))
    }

    /// What an agent may not say of packets and facts is refused, and what is too much is cut.
    @Test func hostileRecordings() throws {
        typealias Chunk = Warren_Agent_V1_AnswerChunk
        for (length, count) in [(4, 5), (70_000, 4)] as [(UInt32, Int)] {
            #expect(throws: WireError.self) {
                try AgentAnswer(
                    wire: Chunk.with {
                        $0.capture.packets = [
                            .with {
                                $0.length = length; $0.data = Data(repeating: 1, count: count)
                            }
                        ]
                    })
            }
        }
        #expect(throws: WireError.self) { try AgentAnswer(wire: Chunk.with { $0.facts.name = "../../etc/passwd" }) }
        let long = try AgentAnswer(
            wire: Chunk.with {
                $0.facts.name = "a.txt"
                $0.facts.text = String(repeating: "\u{1B}x", count: Fact.longestText)
            })
        guard case .facts(let fact)? = long else { throw WireError(field: "facts", problem: "missing") }
        #expect(fact.text.utf8.count <= Fact.longestText && !fact.text.contains("\u{1B}"))
        let headers = AgentQuestion.capture(CaptureQuestion(packets: 1))
        let packet = CaptureChunk.Packet(nanoseconds: 1, length: 1_400, bytes: [UInt8](repeating: 1, count: 1_400))
        #expect(!headers.isAnswered(by: .capture(CaptureChunk(packets: [packet]))))
        for question in [CaptureQuestion(seconds: 0), CaptureQuestion(seconds: 301), CaptureQuestion(packets: 0)] {
            #expect(throws: WireError.self) {
                try AgentQuestion(wire: AgentQuestion.capture(question).wire(id: 1, milliseconds: 1))
            }
        }
    }

    /// What a later minor version adds is passed over.
    @Test func unknownFieldsAreIgnored() throws {
        let message = try #require(try Self.messages().first { $0.name == "desired-1.1" }).message
        var bytes = try fixture("desired-1.1", orOf: message)
        // Field 1000, of three bytes.
        bytes += [0xc2, 0x3e, 0x03, 1, 2, 3]
        let kept = try Warren_Agent_V1_ControllerMessage(serializedBytes: bytes)
        #expect(try DesiredState(wire: kept.desired).plan.site.description == "berlin")
    }
}

@Suite struct VersionTests {
    @Test func isPackedIntoTheOldField() {
        #expect(WireVersion(wire: 1) == .first)
        #expect(WireVersion.first.wire == 1)
        #expect(WireVersion(wire: 0x2_0001) == WireVersion(major: 1, minor: 2))
        #expect(WireVersion(wire: WireVersion.current.wire) == .current)
    }

    @Test func minorVersionsWorkEitherWayAndMajorOnesDoNot() {
        for minor: UInt16 in 0...6 { #expect(WireVersion(major: 1, minor: minor).refusal == nil) }
        for wire: UInt32 in [0, 2, 0x1_0002] {
            let version = WireVersion(wire: wire)
            #expect(version.refusal?.contains("version \(version) ") == true)
            #expect(version.refusal?.contains("\(WireVersion.current) is spoken") == true)
        }
    }

    /// A state says what it needs, and is neither sent to nor taken by who knows less.
    @Test func aStateSaysWhatItNeeds() throws {
        var state = try Sample.state()
        #expect(state.wire.protocolVersion == WireVersion.first.wire)
        #expect(state.plan.refusal(byAgentOf: .first) == nil)
        state.plan.translations = [
            try Sample.translation()
        ]
        #expect(state.wire.protocolVersion == WireVersion.translationsAndAlternatives.wire)
        #expect(state.plan.refusal(byAgentOf: .current) == nil)
        let reason = try #require(state.plan.refusal(byAgentOf: .first))
        #expect(reason.contains("translated networks") && reason.contains("1.0") && reason.contains("1.1"))
        state.plan.ike[0] = Sample.withoutUDP(state.plan.ike[0])
        #expect(state.wire.protocolVersion == WireVersion.encapsulations.wire)
        #expect(try DesiredState(wire: state.wire) == state)
        #expect(state.plan.refusal(byAgentOf: .questions)?.contains("ESP without UDP") == true)
        state.plan.ike[0] = Sample.limited(state.plan.ike[0])
        #expect(state.wire.protocolVersion == WireVersion.packetLimits.wire)
        #expect(try DesiredState(wire: state.wire) == state)
        #expect(state.plan.refusal(byAgentOf: .encapsulations)?.contains("after so many packets") == true)

        var later = state.wire
        later.protocolVersion = WireVersion(major: 1, minor: WireVersion.current.minor + 1).wire
        let error = #expect(throws: WireError.self) { try DesiredState(wire: later) }
        #expect(error?.field == "protocol_version")
    }
}
