import Testing
import WarrenModel
import WarrenWire

@testable import WarrenController

/// What an agent may send for an answer, whatever it was asked.
@Suite struct HostileAnswerTests {
    private let site = SiteName("berlin")!
    private static let echo = AgentAnswer.echo(EchoAnswer(source: IPAddress("192.0.2.1")!, sent: 1))

    private func chunk(_ id: UInt64, _ change: (inout Warren_Agent_V1_AnswerChunk) -> Void) -> Warren_Agent_V1_AnswerChunk {
        var chunk = Warren_Agent_V1_AnswerChunk.with { $0.question = id }
        change(&chunk)
        return chunk
    }

    private func ask(_ questions: SessionQuestions) throws -> (answers: AnswerSequence, id: UInt64) {
        let question = AgentQuestion.echo(EchoQuestion(to: IPAddress("192.0.2.2")!))
        let answers = try questions.ask(question, milliseconds: 60_000) {}
        return (answers, try #require(questions.takeMessages().first).question.id)
    }

    private func outcome(_ answers: AnswerSequence) async -> Result<[AgentAnswer], QuestionFault> {
        var chunks: [AgentAnswer] = []
        do { for try await chunk in answers { chunks.append(chunk) } } catch let fault as QuestionFault {
            return .failure(fault)
        } catch { Issue.record("\(error)") }
        return .success(chunks)
    }

    @Test func aWholeAnswerIsTaken() async throws {
        let questions = SessionQuestions(site: site), (answers, id) = try ask(questions)
        questions.receive(chunk(id) { $0.echo = Self.echo.wire(to: id).echo }) {}
        questions.receive(chunk(id) { $0.end = true }) {}
        #expect(await outcome(answers) == .success([Self.echo]))
    }

    struct Broken: Sendable {
        let reason: String
        let change: @Sendable (inout Warren_Agent_V1_AnswerChunk) -> Void

        init(_ reason: String, _ change: @escaping @Sendable (inout Warren_Agent_V1_AnswerChunk) -> Void) {
            self.reason = reason
            self.change = change
        }
    }

    static let broken = [
        Broken("a chunk is empty") { _ in },
        Broken("it answers something else") { $0.link.peer = "tokyo" },
        Broken("echo.source: 3 bytes are not an IP address") { $0.echo.source = .init([1, 2, 3]) },
        Broken("echo.sent: more than can be") {
            $0.echo.source = .init([1, 2, 3, 4])
            $0.echo.sent = .max
        },
        Broken("echo.sent: more than can be") {
            $0.echo.source = .init([1, 2, 3, 4])
            $0.echo.roundTripsMilliseconds = [1]
        },
        Broken("echo.round_trips_milliseconds: not a finite number of at least 0") {
            $0.echo.source = .init([1, 2, 3, 4])
            $0.echo.sent = 1
            $0.echo.roundTripsMilliseconds = [.nan]
        },
    ]

    /// Each breaks a rule: the question ends, the agent is told so, and what comes after is passed over.
    @Test(arguments: broken) func aBrokenAnswerEndsItsQuestion(broken: Broken) async throws {
        let questions = SessionQuestions(site: site), (answers, id) = try ask(questions)
        questions.receive(chunk(id, broken.change)) {}
        questions.receive(chunk(id) { $0.echo = Self.echo.wire(to: id).echo }) {}
        #expect(await outcome(answers) == .failure(.malformed(site, broken.reason)))
        #expect(questions.takeMessages().map(\.withdrawn) == [id])
    }

    @Test func whatWasNotAskedIsPassedOver() async throws {
        let questions = SessionQuestions(site: site), (answers, id) = try ask(questions)
        questions.receive(chunk(id + 1) { $0.echo = Self.echo.wire(to: id).echo }) {}
        questions.receive(chunk(0) { $0.fault = "no" }) {}
        questions.receive(chunk(id) { $0.fault = "line\u{1B}[2J" }) {}
        #expect(await outcome(answers) == .failure(.refused(site, "line [2J")))
    }

    @Test func anAnswerThatIsTooLongEnds() async throws {
        let questions = SessionQuestions(site: site), (answers, id) = try ask(questions)
        for _ in 0..<3 { questions.receive(chunk(id) { $0.echo = Self.echo.wire(to: id).echo }) {} }
        #expect(await outcome(answers) == .failure(.malformed(site, "it is too long")))
    }

    @Test func theEndOfTheSessionEndsEveryQuestion() async throws {
        let questions = SessionQuestions(site: site), (answers, _) = try ask(questions)
        questions.end()
        #expect(await outcome(answers) == .failure(.disconnected(site)))
        #expect(throws: QuestionFault.disconnected(site)) { _ = try ask(questions) }
    }

    /// Whoever stops reading withdraws the question; its place is free again.
    @Test func nobodyWaitsForWhatIsWithdrawn() async throws {
        let questions = SessionQuestions(site: site)
        for _ in 0..<QuestionLimits.atOnce * 2 {
            let (_, id) = try ask(questions)
            #expect(questions.takeMessages().map(\.withdrawn) == [id])
        }
    }

    @Test func anAgentOfBeforeIsTooOld() async throws {
        #expect(AgentQuestion.fault(asking: site, of: .questions) == nil)
        let fault = try #require(AgentQuestion.fault(asking: site, of: .pathProbes))
        #expect("\(fault)".contains("the agent of 'berlin' is too old, update it"))
        #expect("\(fault)".contains("1.3") && "\(fault)".contains("1.4"))
        try await TestMesh.with { mesh in
            let agent = try await mesh.enrolled("berlin")
            try await agent.session(at: mesh.linkPort, version: .pathProbes) { _ in
                let fault = await #expect(throws: QuestionFault.self) {
                    _ = try await mesh.controller.ask(
                        try mesh.site("berlin"), .link(LinkQuestion(peer: try mesh.site("tokyo"))), milliseconds: 1_000)
                }
                #expect(fault.map { "\($0)".contains("too old") } == true)
                return false
            }
        }
    }
}
