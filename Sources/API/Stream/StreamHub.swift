import Foundation
import Logging
import Synchronization

/// Hands what changes to all who listen. It keeps the last messages, so that who was away for a moment misses none; who was
/// away for longer, or is too slow, is told to read everything anew.
final class StreamHub: Sendable {
    typealias Feed = @Sendable () -> AsyncStream<StreamBatch>

    /// As many are kept to be repeated, of so many bytes at most.
    static let messagesKept = 1000
    static let bytesKept = 4 << 20
    /// A listener that is more behind than so many messages is dropped.
    static let messagesWaiting = 128
    /// How long it listens on when nobody does, for those who come back.
    static let patience = Duration.seconds(60)
    static let heartbeat = Duration.seconds(15)

    struct Listener {
        let credential: String
        let messages: AsyncStream<StreamMessage>.Continuation
        /// Ends the connection, also in the middle of a write that does not come to an end.
        let drop: @Sendable () -> Void
    }

    struct State {
        /// Differs in each process, and after each longer pause in which nobody listened.
        var run = StreamHub.newRun()
        var last: UInt64 = 0
        var kept: [StreamMessage] = []
        var keptBytes = 0
        var listeners: [Int: Listener] = [:]
        var nextListener = 0
        var pump: Task<Void, Never>?
        /// Stops the pump when nobody has come by then.
        var closing: Task<Void, Never>?
    }

    private let limits: API.Limits
    let feed: Feed
    let log: Logger
    let state = Mutex(State())

    init(limits: API.Limits, log: Logger, feed: @escaping Feed) {
        self.limits = limits
        self.log = log
        self.feed = feed
    }

    deinit {
        state.withLock { state in
            state.pump?.cancel()
            state.closing?.cancel()
        }
    }

    private static func newRun() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }

    /// A place among the listeners, for as long as the value lives.
    final class Subscription: Sendable {
        let messages: AsyncStream<StreamMessage>
        private let hub: StreamHub
        private let key: Int

        init(hub: StreamHub, key: Int, messages: AsyncStream<StreamMessage>) {
            self.hub = hub
            self.key = key
            self.messages = messages
        }

        /// Ends `messages`.
        func finish() { hub.remove(key) }
        deinit { hub.remove(key) }
    }

    /// Begins with a greeting, and with what came after `lastID`, if that is still known.
    func subscribe(
        credential: String, after lastID: String?, drop: @escaping @Sendable () -> Void
    ) throws -> Subscription {
        let (stream, continuation) = AsyncStream.makeStream(
            of: StreamMessage.self, bufferingPolicy: .bufferingOldest(Self.messagesKept + Self.messagesWaiting))
        return try state.withLock { state in
            guard state.listeners.count < limits.streams,
                state.listeners.values.count(where: { $0.credential == credential }) < limits.streamsPerCredential
            else { throw Refusal(.tooManyRequests, "too many streams are open", headers: [.retryAfter: "30"]) }
            state.closing?.cancel()
            state.closing = nil
            if state.pump == nil { start(&state) }
            continuation.yield(try StreamMessage(event: "hello", number: nil, run: state.run, data: StreamHello()))
            if let lastID {
                if let missed = Self.messages(after: lastID, state) {
                    for message in missed { continuation.yield(message) }
                } else {
                    continuation.yield(
                        try StreamMessage(event: "resync", number: state.last, run: state.run, data: [String: String]()))
                }
            }
            state.nextListener += 1
            state.listeners[state.nextListener] = Listener(credential: credential, messages: continuation, drop: drop)
            return Subscription(hub: self, key: state.nextListener, messages: stream)
        }
    }

    /// What came after the message of this id; nil when that is not known any more.
    private static func messages(after id: String, _ state: State) -> ArraySlice<StreamMessage>? {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == state.run, let number = UInt64(parts[1]), number <= state.last else { return nil }
        let missed = state.last - number
        return missed <= UInt64(state.kept.count) ? state.kept.suffix(Int(missed)) : nil
    }

    fileprivate func remove(_ key: Int) {
        let listener = state.withLock { state in
            let listener = state.listeners.removeValue(forKey: key)
            if listener != nil, state.listeners.isEmpty { stopSoon(&state) }
            return listener
        }
        listener?.messages.finish()
    }
}

/// The data of `hello`, the first message of each stream.
struct StreamHello: Encodable {
    let heartbeatSeconds = StreamHub.heartbeat.components.seconds
}
