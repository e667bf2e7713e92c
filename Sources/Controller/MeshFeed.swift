import NIOConcurrencyHelpers
import WarrenModel
import WarrenStatus
import WarrenStore

/// What changed in the mesh within half a second or more.
public struct MeshChanges: Sendable {
    /// Counts from 1 since the controller started, without gaps.
    public var number: UInt64
    /// The links whose status a person would see otherwise than before; figures that always change are none.
    public var links: [LinkStatus] = []
    /// The gateways that are otherwise than before. At the first batch after a silence it may name any.
    public var sites: [SiteStatus] = []
    public var events: [EventRecord] = []
    /// The latest roll-out, when it stands otherwise than before.
    public var rollout: RolloutRecord?
    /// Too much changed to be told, or this listener was too slow for it: the whole status is to be read anew.
    public var isWhole = false

    var isEmpty: Bool { links.isEmpty && sites.isEmpty && events.isEmpty && rollout == nil && !isWhole }
}

/// Hands what changed to whoever listens, and keeps what is yet to be handed on.
final class MeshFeed: Sendable {
    private struct Listener {
        let continuation: AsyncStream<MeshChanges>.Continuation
        /// It lost a batch, and must hear so.
        var hasLost = false
    }

    private struct State {
        var next = 0
        var number: UInt64 = 0
        var listeners: [Int: Listener] = [:]
        var events: [EventRecord] = []
        var lostEvents = false
    }

    private let state = NIOLockedValueBox(State())
    /// How many batches wait for a slow listener.
    static let patience = 64
    static let mostEvents = 1000

    var hasListeners: Bool { state.withLockedValue { !$0.listeners.isEmpty } }
    var number: UInt64 { state.withLockedValue(\.number) }

    /// Events for the next batch.
    func add(_ events: [EventRecord]) {
        state.withLockedValue { state in
            guard !state.listeners.isEmpty else { return }
            state.events += events
            guard state.events.count > Self.mostEvents else { return }
            (state.events, state.lostEvents) = ([], true)
        }
    }

    /// Hands the batch on with the events that were added, unless there is nothing to tell.
    func publish(_ changes: MeshChanges) {
        state.withLockedValue { state in
            var batch = changes
            batch.events += state.events
            batch.isWhole = batch.isWhole || state.lostEvents
            (state.events, state.lostEvents) = ([], false)
            guard !batch.isEmpty else { return }
            state.number += 1
            batch.number = state.number
            for (key, listener) in state.listeners {
                var own = batch
                own.isWhole = own.isWhole || listener.hasLost
                switch listener.continuation.yield(own) {
                case .dropped: state.listeners[key]?.hasLost = true
                default: state.listeners[key]?.hasLost = false
                }
            }
        }
    }

    /// Every batch from now on, until the stream is let go of; then `ended` is called.
    func listen(ended: @escaping @Sendable () -> Void = {}) -> AsyncStream<MeshChanges> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: MeshChanges.self, bufferingPolicy: .bufferingOldest(Self.patience))
        let key = state.withLockedValue { state in
            state.next += 1
            state.listeners[state.next] = Listener(continuation: continuation)
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLockedValue { $0.listeners[key] = nil }
            ended()
        }
        return stream
    }
}
