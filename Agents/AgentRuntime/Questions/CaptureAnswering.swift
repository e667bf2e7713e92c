import AgentCore
import CWarrenSystem
import Foundation
import Glibc
import Synchronization
import WarrenModel
import WarrenPlan

extension Agent {
    /// Sends the packets that are asked for as they come, until there are enough of them, the time is over, or nobody waits.
    func answer(_ question: CaptureQuestion, to writer: AnswerWriter) async throws {
        guard let plan = state.target?.plan else { throw AgentError(.invalid, "the gateway runs nothing yet") }
        if let peer = question.peer, !plan.ike.contains(where: { $0.peer == peer }) {
            throw AgentError(.invalid, "it has no link to '\(peer)'")
        }
        let rule = CaptureRule(of: plan, with: question.peer, isWhole: question.isWhole)
        guard !rule.isIdle else { throw AgentError(.invalid, "it has no peer whose address is known") }
        let run = try CaptureRun(question, rule: rule, interfaces: await outerInterfaces(of: plan, with: question.peer))
        try await writer.write(.capture(CaptureChunk()))
        for await chunk in run.begin() { try await writer.write(.capture(chunk)) }
    }

    /// The interfaces by which the kernel reaches these peers; empty when it does not say. A gateway has one, or few: as many
    /// peers are asked for as tell of another.
    private func outerInterfaces(of plan: GatewayPlan, with peer: SiteName?) async -> Set<UInt32> {
        var interfaces: Set<UInt32> = []
        for ike in plan.ike.filter({ peer == nil || $0.peer == peer }).prefix(16) {
            let evidence = try? await driver.evidence(of: ike.peer, at: ike.outer)
            if let name = evidence?.outerRoute?.interface { interfaces.insert(if_nametoindex(name)) }
        }
        return interfaces.subtracting([0])
    }
}

/// One capture. It has a thread of its own, for it waits in the kernel.
final class CaptureRun: Sendable {
    /// Chunks that wait for their reader; what comes while there are so many is lost, and counted.
    private static let mostWaiting = 32
    /// How long the end may take to be noticed.
    private static let longestWait: Int32 = 100

    private let question: CaptureQuestion
    private let rule: CaptureRule
    private let interfaces: Set<UInt32>
    private let descriptor: Int32
    private let isOver = Mutex(false)

    /// - Parameter interfaces: their indexes; empty: every one.
    init(_ question: CaptureQuestion, rule: CaptureRule, interfaces: Set<UInt32>) throws(AgentError) {
        descriptor = warren_capture_open()
        guard descriptor >= 0 else {
            throw AgentError(.invalid, "packets cannot be captured: \(String(cString: strerror(errno)))")
        }
        self.question = question
        self.rule = rule
        self.interfaces = interfaces
    }

    deinit { close(descriptor) }

    /// The packets from now on. Ends by itself, or soon after the reader does. To be called once.
    func begin() -> AsyncStream<CaptureChunk> {
        let (chunks, continuation) = AsyncStream.makeStream(
            of: CaptureChunk.self, bufferingPolicy: .bufferingOldest(Self.mostWaiting))
        continuation.onTermination = { [weak self] _ in self?.isOver.withLock { $0 = true } }
        let thread = Thread { [self] in
            run(into: continuation)
            continuation.finish()
        }
        thread.name = "warren-capture"
        thread.start()
        return chunks
    }

    private func run(into continuation: AsyncStream<CaptureChunk>.Continuation) {
        let end = MonotonicTime.now + .seconds(Int64(question.seconds))
        var buffer = [UInt8](repeating: 0, count: question.longestRecord)
        var packets = 0, bytes = 0, lost: UInt64 = 0
        while packets < question.packets, bytes < CaptureQuestion.mostBytes, !isOver.withLock({ $0 }) {
            let left = end.since(.now)
            guard left > .zero else { return }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, min(Self.longestWait, Int32(clamping: Int64(left.inSeconds * 1_000)) + 1))
            var chunk = CaptureChunk(), size = 0
            while size < QuestionLimits.chunkSize, packets < question.packets, bytes < CaptureQuestion.mostBytes {
                guard let packet = next(&buffer) else { break }
                guard let packet else { continue }
                chunk.packets.append(packet)
                packets += 1
                bytes += packet.bytes.count
                // What a packet costs beside its bytes.
                size += packet.bytes.count + 24
            }
            guard !chunk.packets.isEmpty else { continue }
            lost += UInt64(warren_capture_lost(descriptor))
            chunk.lost = lost
            if case .dropped(let dropped) = continuation.yield(chunk) { lost += UInt64(dropped.packets.count) }
        }
    }

    /// The next packet, or nil within for one that is not to be kept; nil when none waits.
    private func next(_ buffer: inout [UInt8]) -> CaptureChunk.Packet?? {
        var captured = warren_captured()
        let count = warren_capture_next(descriptor, &buffer, buffer.count, &captured)
        // That an interface went down is told here, too.
        guard count >= 0 else { return .none }
        guard interfaces.isEmpty || interfaces.contains(captured.interface) else { return .some(nil) }
        let length = Int(captured.length)
        guard let kept = rule.kept(of: buffer[..<min(count, buffer.count)], length: length) else { return .some(nil) }
        return CaptureChunk.Packet(nanoseconds: captured.nanoseconds, length: length, bytes: Array(buffer[..<kept]))
    }
}
