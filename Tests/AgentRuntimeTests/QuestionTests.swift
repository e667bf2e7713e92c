import AgentCore
import DataPlane
import Foundation
import Testing
import WarrenController
import WarrenModel
import WarrenWire

@testable import AgentRuntime

/// Questions of the real controller to a real agent, over a real session.
struct QuestionTests {
    private func asking(
        _ driver: FakeDataPlaneDriver = FakeDataPlaneDriver(), _ body: (Mesh, Agent) async throws -> Void
    ) async throws {
        let mesh = try await Mesh()
        try await mesh.start()
        let token = try await mesh.controller.createToken(for: Mesh.berlin, lifetimeSeconds: 60)
        let identity = try await mesh.enrolment(token).enrol()
        let directory = try mesh.stateDirectory()
        let agent = Agent(
            site: identity.site, driver: driver, directory: directory, log: Mesh.quiet, recentLog: { "the last line\n" })
        let session = ControllerSession(
            agent: agent, identity: identity, address: await mesh.agentAddress, directory: directory, log: Mesh.quiet)
        let tasks = [Task { await agent.run() }, Task { await session.run() }]
        let outcome: Result<Void, any Error>
        do {
            _ = try #require(
                try await mesh.report(of: Mesh.berlin) { $0.applied.rawValue == 1 && $0.drift == [] && $0.failure == nil })
            outcome = .success(try await body(mesh, agent))
        } catch { outcome = .failure(error) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await mesh.stop()
        try outcome.get()
    }

    @Test(.timeLimit(.minutes(1))) func anEchoIsAnswered() async throws {
        try await asking { mesh, _ in
            let loopback = IPAddress("127.0.0.1")!
            let question = EchoQuestion(to: loopback, from: loopback, count: 3, packetSize: 1_000, intervalMilliseconds: 10)
            let answer = try await mesh.controller.answer(of: Mesh.berlin, to: .echo(question), milliseconds: 5_000)
            guard case .echo(let echo) = answer else { throw Unexpected() }
            #expect(echo.sent == 3 && echo.answered == 3 && echo.fault == nil && echo.source == loopback)
        }
    }

    /// Nobody has the address that it should be sent from: the inner one of a gateway that is not there.
    @Test(.timeLimit(.minutes(1))) func anEchoThatCannotBeSentSaysWhy() async throws {
        try await asking { mesh, _ in
            let question = EchoQuestion(to: IPAddress("192.168.2.1")!, count: 1)
            let answer = try await mesh.controller.answer(of: Mesh.berlin, to: .echo(question), milliseconds: 5_000)
            guard case .echo(let echo) = answer else { throw Unexpected() }
            #expect(echo.sent == 0 && echo.fault == "Cannot assign requested address")
        }
    }

    @Test(.timeLimit(.minutes(1))) func aLinkIsLookedAt() async throws {
        let driver = FakeDataPlaneDriver()
        try await asking(driver) { mesh, _ in
            await driver.setEvidence(LinkEvidence(boundPorts: [500], contact: PeerContact(peer: Mesh.tokyo, sent: 2)))
            let answer = try await mesh.controller.answer(
                of: Mesh.berlin, to: .link(LinkQuestion(peer: Mesh.tokyo)), milliseconds: 5_000)
            guard case .link(let link) = answer else { throw Unexpected() }
            #expect(link.wanted.tunnel?.interface == "gif2" && link.installed.tunnel == link.wanted.tunnel)
            #expect(Set(link.installed.policies) == Set(link.wanted.policies) && link.installed.routes == link.wanted.routes)
            #expect(link.installed.firewall == link.wanted.firewall && link.installed.ikePeer == link.wanted.ikePeer)
            #expect(link.wanted.routes.count == 1 && link.wanted.policies.count == 2 && link.wanted.firewall.count > 4)
            #expect(link.isTunnelUp && link.fault == nil && link.version.generation.rawValue == 1)
            #expect(link.evidence.boundPorts == [500] && link.evidence.contact?.sent == 2)

            await driver.tamper { $0.policies = [] }
            let later = try await mesh.controller.answer(
                of: Mesh.berlin, to: .link(LinkQuestion(peer: Mesh.tokyo)), milliseconds: 5_000)
            guard case .link(let tampered) = later else { throw Unexpected() }
            #expect(tampered.wanted.policies.count == 2)
        }
    }

    /// What is known is told, and no key is in it.
    @Test(.timeLimit(.minutes(1))) func factsAreTold() async throws {
        let driver = FakeDataPlaneDriver()
        try await asking(driver) { mesh, agent in
            await driver.setEvidence(LinkEvidence(drops: ["replayed": 5]))
            let facts = try await mesh.controller.facts(of: Mesh.berlin)
            #expect(facts.map(\.name) == ["system.json", "status.json", "observed.json", "evidence.json", "log.txt"])
            let texts = Dictionary(facts.map { ($0.name, $0.text) }) { first, _ in first }
            #expect(texts["observed.json"]?.contains("\"policies\"") == true)
            #expect(texts["evidence.json"]?.contains("\"replayed\" : 5") == true)
            #expect(texts["log.txt"] == "the last line\n")
            let keys = await agent.state.target?.keys.values.map { $0.secret.withBytes { Array($0) } } ?? []
            #expect(!keys.isEmpty)
            for key in keys {
                let forms = [
                    Data(key).base64EncodedString(),
                    key.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
                ]
                for form in forms { #expect(!facts.contains { $0.text.contains(form) }) }
            }
        }
    }

    /// What it has no peer for is refused before anything is recorded.
    @Test(.timeLimit(.minutes(1))) func aCaptureOfNobodyIsRefused() async throws {
        try await asking { mesh, _ in
            let question = CaptureQuestion(peer: SiteName("oslo"))
            let answer = try await mesh.controller.capture(on: Mesh.berlin, question, by: .socket)
            await #expect(throws: QuestionFault.refused(Mesh.berlin, "it has no link to 'oslo'")) {
                for try await _ in answer { Issue.record("something came") }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoIsNotConnectedIsAnAnswerToo() async throws {
        try await asking { mesh, _ in
            let fault = await #expect(throws: QuestionFault.self) {
                _ = try await mesh.controller.answer(
                    of: Mesh.tokyo, to: .link(LinkQuestion(peer: Mesh.berlin)), milliseconds: 5_000)
            }
            #expect(fault == .disconnected(Mesh.tokyo))
        }
    }

    /// More than may be asked at once is refused at once; those that are withdrawn make room.
    @Test(.timeLimit(.minutes(1))) func soManyAreAskedAtOnce() async throws {
        try await asking { mesh, _ in
            let loopback = IPAddress("127.0.0.1")!
            let long = EchoQuestion(to: loopback, from: loopback, count: 100, intervalMilliseconds: 10_000)
            let controller = mesh.controller
            var asked: [AnswerSequence] = []
            for _ in 0..<QuestionLimits.atOnce {
                asked.append(try await controller.ask(Mesh.berlin, .echo(long), milliseconds: 60_000))
            }
            await #expect(throws: QuestionFault.busy(Mesh.berlin)) {
                _ = try await controller.ask(Mesh.berlin, .echo(long), milliseconds: 60_000)
            }
            asked = []
            let short = EchoQuestion(to: loopback, from: loopback, count: 1)
            while true {
                do {
                    _ = try await controller.answer(of: Mesh.berlin, to: .echo(short), milliseconds: 5_000)
                    break
                } catch QuestionFault.refused {
                    // The agent has not heard yet that nobody waits.
                    await Task.yield()
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func anAnswerThatTakesTooLongIsNotWaitedFor() async throws {
        try await asking { mesh, _ in
            let loopback = IPAddress("127.0.0.1")!
            let long = EchoQuestion(to: loopback, from: loopback, count: 100, intervalMilliseconds: 10_000)
            let fault = await #expect(throws: QuestionFault.self) {
                _ = try await mesh.controller.answer(of: Mesh.berlin, to: .echo(long), milliseconds: 50)
            }
            #expect(fault == .refused(Mesh.berlin, "it was not done in time"))
        }
    }

    /// What is sent waits until it is asked for, and goes on with each chunk that is taken.
    @Test(.timeLimit(.minutes(1))) func aWriterWaitsForItsReader() async throws {
        let (outgoing, sending) = AsyncStream.makeStream(of: Warren_Agent_V1_AnswerChunk.self)
        let writer = AnswerWriter(question: 7, to: sending)
        let total = QuestionLimits.window * 3
        let writing = Task {
            for number in 0..<total { try await writer.write(.echo(EchoAnswer(source: IPAddress("::1")!, sent: number))) }
            sending.finish()
        }
        var received = 0
        for await chunk in outgoing {
            #expect(chunk.question == 7 && chunk.echo.sent == UInt32(received))
            received += 1
            if received % QuestionLimits.window == 0 { writer.allow(UInt32(QuestionLimits.window)) }
        }
        #expect(received == total)
        try await writing.value
    }

    @Test(.timeLimit(.minutes(1))) func aWriterThatNobodyReadsIsLetGo() async throws {
        let (outgoing, sending) = AsyncStream.makeStream(of: Warren_Agent_V1_AnswerChunk.self)
        let writer = AnswerWriter(question: 7, to: sending)
        let writing = Task {
            while true { try await writer.write(.echo(EchoAnswer(source: IPAddress("::1")!, sent: 1))) }
        }
        var chunks = outgoing.makeAsyncIterator()
        for _ in 0..<QuestionLimits.window { _ = await chunks.next() }
        writing.cancel()
        await #expect(throws: CancellationError.self) { try await writing.value }
    }
}

private struct Unexpected: Error {}
