import Logging
import Synchronization
import WarrenModel
import WarrenWire

/// Answers what the controller asks on one connection, each question in a task of its own. Bounded: so many at once, each
/// until its deadline, and of each answer no more chunks on their way than the controller has allowed.
final class Answering: Sendable {
    private struct Open {
        let writer: AnswerWriter
        let task: Task<Void, Never>
    }

    /// What is to be sent, in order.
    let outgoing: AsyncStream<Warren_Agent_V1_AnswerChunk>
    private let sending: AsyncStream<Warren_Agent_V1_AnswerChunk>.Continuation
    private let agent: Agent
    private let log: Logger
    private let open = Mutex<[UInt64: Open]>([:])

    init(agent: Agent, log: Logger) {
        self.agent = agent
        self.log = log
        // What may wait here is bounded by what each writer is allowed.
        (outgoing, sending) = AsyncStream.makeStream()
    }

    /// Begins to answer; returns at once.
    func take(_ wire: Warren_Agent_V1_Question) {
        let question: AgentQuestion
        do {
            guard let known = try AgentQuestion(wire: wire) else { return refuse(wire.id, "it does not know this question") }
            question = known
        } catch { return refuse(wire.id, "\(error)") }
        let milliseconds = min(wire.milliseconds, QuestionLimits.longestMilliseconds)
        log.debug("asked by the controller", metadata: ["question": "\(question.name)", "id": "\(wire.id)"])
        let isTaken = open.withLock { open in
            guard open.count < QuestionLimits.atOnce, open[wire.id] == nil else { return false }
            let writer = AnswerWriter(question: wire.id, to: sending)
            let task = Task { await self.answer(question, id: wire.id, milliseconds: milliseconds, to: writer) }
            open[wire.id] = Open(writer: writer, task: task)
            return true
        }
        if !isTaken { refuse(wire.id, "it is being asked too much at once") }
    }

    func allow(_ credit: Warren_Agent_V1_AnswerCredit) {
        open.withLock { $0[credit.question] }?.writer.allow(credit.chunks)
    }

    func withdraw(_ id: UInt64) { open.withLock { $0[id] }?.task.cancel() }

    /// The connection is over.
    func end() {
        let tasks = open.withLock { open in
            defer { open = [:] }
            return open.values.map(\.task)
        }
        for task in tasks { task.cancel() }
        sending.finish()
    }

    private func refuse(_ id: UInt64, _ reason: String) {
        sending.yield(
            .with {
                $0.question = id
                $0.fault = reason
            })
    }

    private func answer(_ question: AgentQuestion, id: UInt64, milliseconds: UInt32, to writer: AnswerWriter) async {
        let fault = await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do { try await self.answer(question, to: writer) } catch { return "\(error)" }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(Int64(milliseconds)))
                return "it was not done in time"
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        open.withLock { $0[id] = nil }
        guard !Task.isCancelled else { return }
        if let fault { return refuse(id, fault) }
        sending.yield(
            .with {
                $0.question = id
                $0.end = true
            })
    }

    private func answer(_ question: AgentQuestion, to writer: AnswerWriter) async throws {
        switch question {
        case .echo(let question): try await writer.write(.echo(try await agent.answer(question)))
        case .link(let question): try await writer.write(.link(try await agent.answer(question)))
        case .capture(let question): try await agent.answer(question, to: writer)
        case .facts: try await agent.tellFacts(to: writer)
        }
    }
}

/// Where the chunks of one answer go.
final class AnswerWriter: Sendable {
    private struct State {
        var allowance = QuestionLimits.window
        var waiting: CheckedContinuation<Void, Never>?

        mutating func takeAllowance() -> Bool {
            guard allowance > 0 else { return false }
            allowance -= 1
            return true
        }
    }

    private let question: UInt64
    private let sending: AsyncStream<Warren_Agent_V1_AnswerChunk>.Continuation
    private let state = Mutex(State())

    init(question: UInt64, to sending: AsyncStream<Warren_Agent_V1_AnswerChunk>.Continuation) {
        self.question = question
        self.sending = sending
    }

    /// Sends a chunk once the controller takes another; throws when the question is withdrawn or its time is over. To be
    /// called by one task, one chunk after the other.
    func write(_ chunk: AgentAnswer) async throws {
        while !state.withLock({ $0.takeAllowance() }) {
            try Task.checkCancellation()
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isToWait = state.withLock { state in
                        guard state.allowance == 0, !Task.isCancelled else { return false }
                        state.waiting = continuation
                        return true
                    }
                    if !isToWait { continuation.resume() }
                }
            } onCancel: {
                wake()
            }
        }
        try Task.checkCancellation()
        sending.yield(chunk.wire(to: question))
    }

    func allow(_ chunks: UInt32) {
        state.withLock { $0.allowance += Int(min(chunks, UInt32(QuestionLimits.window))) }
        wake()
    }

    private func wake() {
        state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }?.resume()
    }
}
