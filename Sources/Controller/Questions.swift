import NIOConcurrencyHelpers
import WarrenModel
import WarrenStore
import WarrenWire

/// What an agent answers, chunk by chunk; ends when the answer is whole, and throws a `QuestionFault` when it will not be.
/// Whoever stops reading withdraws the question.
public struct AnswerSequence: AsyncSequence, Sendable {
    public typealias Element = AgentAnswer
    let chunks: AsyncThrowingStream<AgentAnswer, any Error>
    /// Called with each chunk that the reader took.
    let taken: @Sendable () -> Void

    public struct AsyncIterator: AsyncIteratorProtocol {
        var chunks: AsyncThrowingStream<AgentAnswer, any Error>.AsyncIterator
        let taken: @Sendable () -> Void

        public mutating func next() async throws -> AgentAnswer? {
            let chunk = try await chunks.next()
            if chunk != nil { taken() }
            return chunk
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(chunks: chunks.makeAsyncIterator(), taken: taken)
    }
}

extension Controller {
    /// Asks the agent of a site. The answer begins to come at once, and is whole within `milliseconds`, or ends in a fault.
    /// Throws `ControllerError.unknownSite` for a site that the mesh does not have, and a `QuestionFault` for all else.
    public func ask(_ site: SiteName, _ question: AgentQuestion, milliseconds: UInt32) throws -> AnswerSequence {
        guard let record = sites.live[site] else { throw ControllerError.unknownSite(site) }
        guard let session = sessions[record.id] else { throw QuestionFault.disconnected(site) }
        if let fault = AgentQuestion.fault(asking: site, of: session.version) { throw fault }
        return try session.questions.ask(
            question, milliseconds: min(max(1, milliseconds), QuestionLimits.longestMilliseconds), ring: session.ring)
    }

    /// The same for a question whose answer is one chunk.
    public nonisolated func answer(
        of site: SiteName, to question: AgentQuestion, milliseconds: UInt32
    ) async throws -> AgentAnswer {
        for try await chunk in try await ask(site, question, milliseconds: milliseconds) { return chunk }
        try Task.checkCancellation()
        throw QuestionFault.malformed(site, "it is empty")
    }
}

/// The questions that one session's agent was asked and has not answered to their end. What it sends is taken for nothing
/// but an answer to one of them: all else is passed over, and what breaks a question's rules ends that question.
final class SessionQuestions: Sendable {
    private struct Open {
        let question: AgentQuestion
        let continuation: AsyncThrowingStream<AgentAnswer, any Error>.Continuation
        let deadline: Task<Void, Never>
        /// Chunks that came, and that may come yet before the reader takes one.
        var received = 0
        var allowance = QuestionLimits.window

        func finish(_ fault: QuestionFault?) {
            deadline.cancel()
            continuation.finish(throwing: fault)
        }
    }

    private struct State {
        var open: [UInt64: Open] = [:]
        var lastID: UInt64 = 0
        var outgoing: [Warren_Agent_V1_ControllerMessage] = []
        /// Of chunks that were taken, and of which the agent was not told yet.
        var credits: [UInt64: UInt32] = [:]
        var isOver = false
    }

    private let site: SiteName
    private let state = NIOLockedValueBox(State())

    init(site: SiteName) { self.site = site }

    func ask(
        _ question: AgentQuestion, milliseconds: UInt32, ring: @escaping @Sendable () -> Void
    ) throws(QuestionFault) -> AnswerSequence {
        let (chunks, continuation) = AsyncThrowingStream<AgentAnswer, any Error>.makeStream()
        let id: Result<UInt64, QuestionFault> = state.withLockedValue { state in
            guard !state.isOver else { return .failure(.disconnected(site)) }
            guard state.open.count < QuestionLimits.atOnce else { return .failure(.busy(site)) }
            state.lastID += 1
            let id = state.lastID
            let deadline = Task { [weak self] in
                // A little later than the agent's own, of which it tells.
                guard (try? await Task.sleep(for: .milliseconds(Int(milliseconds) + 500))) != nil else { return }
                self?.giveUp(id, ring: ring)
            }
            state.open[id] = Open(question: question, continuation: continuation, deadline: deadline)
            state.outgoing.append(.with { $0.question = question.wire(id: id, milliseconds: milliseconds) })
            return .success(id)
        }
        let asked = try id.get()
        continuation.onTermination = { [weak self] termination in
            if case .cancelled = termination { self?.withdraw(asked, ring: ring) }
        }
        ring()
        return AnswerSequence(chunks: chunks) { [weak self] in self?.take(asked, ring: ring) }
    }

    /// What the agent is to be told of questions now, once.
    func takeMessages() -> [Warren_Agent_V1_ControllerMessage] {
        state.withLockedValue { state in
            defer { (state.outgoing, state.credits) = ([], [:]) }
            let credits = state.credits.sorted { $0.key < $1.key }.map { id, chunks in
                Warren_Agent_V1_ControllerMessage.with {
                    $0.credit.question = id
                    $0.credit.chunks = chunks
                }
            }
            return state.outgoing + credits
        }
    }

    /// Takes what the agent sent.
    func receive(_ wire: Warren_Agent_V1_AnswerChunk, ring: @Sendable () -> Void) {
        let id = wire.question
        guard let question = state.withLockedValue({ $0.open[id]?.question }) else { return }
        do throws(QuestionFault) {
            if let chunk = try chunk(wire, of: question) { try deliver(chunk, to: id) }
            if let reason = wire.refusal { throw .refused(site, reason) }
            if wire.end { close(id, nil) }
        } catch {
            close(id, error)
            tellWithdrawal(of: id, ring: ring)
        }
    }

    /// The session is over.
    func end() {
        let open = state.withLockedValue { state in
            defer { state.open = [:] }
            state.isOver = true
            return Array(state.open.values)
        }
        for question in open { question.finish(.disconnected(site)) }
    }

    private func chunk(
        _ wire: Warren_Agent_V1_AnswerChunk, of question: AgentQuestion
    ) throws(QuestionFault) -> AgentAnswer? {
        let answer: AgentAnswer?
        do { answer = try AgentAnswer(wire: wire) } catch { throw .malformed(site, "\(error)") }
        guard let answer else {
            if wire.end || wire.hasFault { return nil }
            throw .malformed(site, "a chunk is empty")
        }
        guard question.isAnswered(by: answer) else { throw .malformed(site, "it answers something else") }
        return answer
    }

    private func deliver(_ chunk: AgentAnswer, to id: UInt64) throws(QuestionFault) {
        let problem: String? = state.withLockedValue { state in
            guard let open = state.open[id] else { return nil }
            guard open.received < open.question.mostChunks else { return "it is too long" }
            guard open.allowance > 0 else { return "it comes faster than it is read" }
            state.open[id]?.received += 1
            state.open[id]?.allowance -= 1
            open.continuation.yield(chunk)
            return nil
        }
        if let problem { throw .malformed(site, problem) }
    }

    private func take(_ id: UInt64, ring: @Sendable () -> Void) {
        let isOpen = state.withLockedValue { state in
            guard state.open[id] != nil else { return false }
            state.open[id]?.allowance += 1
            state.credits[id, default: 0] += 1
            return true
        }
        if isOpen { ring() }
    }

    private func giveUp(_ id: UInt64, ring: @Sendable () -> Void) {
        if close(id, .timedOut(site)) { tellWithdrawal(of: id, ring: ring) }
    }

    private func withdraw(_ id: UInt64, ring: @Sendable () -> Void) {
        if close(id, nil) { tellWithdrawal(of: id, ring: ring) }
    }

    private func tellWithdrawal(of id: UInt64, ring: @Sendable () -> Void) {
        state.withLockedValue { $0.outgoing.append(.with { $0.withdrawn = id }) }
        ring()
    }

    @discardableResult
    private func close(_ id: UInt64, _ fault: QuestionFault?) -> Bool {
        let open = state.withLockedValue { state in
            state.credits[id] = nil
            return state.open.removeValue(forKey: id)
        }
        open?.finish(fault)
        return open != nil
    }
}
