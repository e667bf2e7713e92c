import Foundation
import Glibc
import Synchronization
import WarrenModel

extension Agent {
    /// Sends the echo requests that are asked for, and tells what came back.
    func answer(_ question: EchoQuestion) async throws(AgentError) -> EchoAnswer {
        guard let source = question.source ?? state.target?.plan.innerAddress else {
            throw AgentError(.invalid, "the gateway runs nothing yet, and has no inner address")
        }
        guard source.family == question.destination.family else {
            throw AgentError(.invalid, "\(question.destination) is not of the family of \(source)")
        }
        let run = EchoRun(question, addresses: AddressPair(local: source, remote: question.destination))
        return await run.answer()
    }
}

/// The echo requests of one question. They have a thread of their own, for it waits in the kernel.
final class EchoRun: Sendable {
    private let question: EchoQuestion
    private let addresses: AddressPair
    private let isCancelled = Mutex(false)
    /// How long cancelling may take to be noticed.
    private static let longestWait: Int32 = 100

    init(_ question: EchoQuestion, addresses: AddressPair) {
        self.question = question
        self.addresses = addresses
    }

    func answer() async -> EchoAnswer {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread { [self] in continuation.resume(returning: run()) }
                thread.name = "warren-echo"
                thread.start()
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
    }

    private func run() -> EchoAnswer {
        var answer = EchoAnswer(source: addresses.local, sent: 0)
        guard let socket = EchoSocket.open(addresses, interface: nil, dontFragment: question.dontFragment, now: .now) else {
            answer.fault = Self.text(errno)
            return answer
        }
        let identifier = UInt16.random(in: 0...UInt16.max)
        var pending: [ICMPEcho: MonotonicTime] = [:]
        var nextAt = MonotonicTime.now, endAt = nextAt
        var buffer = [UInt8](repeating: 0, count: 65_535)
        while !isCancelled.withLock({ $0 }) {
            let now = MonotonicTime.now
            if answer.sent < question.count, nextAt <= now {
                let echo = ICMPEcho(
                    identifier: identifier, sequence: UInt16(truncatingIfNeeded: answer.sent),
                    nonce: .random(in: 0...UInt64.max))
                answer.sent += 1
                nextAt = now + .milliseconds(Int64(question.intervalMilliseconds))
                endAt = now + .milliseconds(Int64(EchoQuestion.patienceMilliseconds))
                if let code = socket.sendFault(echo.request(socket.family, packetSize: question.packetSize)) {
                    answer.fault = Self.text(code)
                } else {
                    pending[echo] = now
                }
            }
            let isAllSent = answer.sent == question.count
            if isAllSent, pending.isEmpty || endAt <= now { break }
            let wait = (isAllSent ? endAt : nextAt).since(now).inSeconds * 1_000
            var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, min(Self.longestWait, Int32(clamping: Int64(wait)) + 1))
            receive(from: socket, into: &buffer, &pending, &answer)
        }
        return answer
    }

    /// Takes what has come; bounded, so that a flood does not keep the requests from being sent.
    private func receive(
        from socket: borrowing EchoSocket, into buffer: inout [UInt8], _ pending: inout [ICMPEcho: MonotonicTime],
        _ answer: inout EchoAnswer
    ) {
        for _ in 0..<64 {
            guard let datagram = socket.receive(into: &buffer) else {
                // An ICMP error for one of the requests surfaces here, once.
                let code = errno
                if code != EAGAIN, code != EINTR { answer.fault = Self.text(code) }
                return
            }
            guard let echo = ICMPEcho(reply: datagram, socket.family), let sentAt = pending.removeValue(forKey: echo) else {
                continue
            }
            answer.roundTripsMilliseconds.append(max(0, MonotonicTime.now.since(sentAt).inSeconds * 1_000))
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
