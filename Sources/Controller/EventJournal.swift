import Logging
import WarrenStore

/// The way of events to the store, in the order in which they were told. Those that come while a write is under way are written
/// together by the next: a thousand agents that connect at once cost a few writes, and none waits for its own.
actor EventJournal {
    private let store: MeshStore
    private let feed: MeshFeed
    private let log: Logger
    private var waiting: [EventRecord] = []
    private var writer: Task<Void, Never>?

    /// - Parameter feed: hears of each event that is in the store.
    init(_ store: MeshStore, feed: MeshFeed, log: Logger) {
        self.store = store
        self.feed = feed
        self.log = log
    }

    /// Takes the event; it is written soon.
    func take(_ event: EventRecord) {
        waiting.append(event)
        if writer == nil { writer = Task { await self.write() } }
    }

    /// Returns once all that was taken before is written, also when the caller is cancelled.
    func flush() async {
        while let writer { await writer.value }
    }

    /// Events that can't be written wait for the next that come, and fail nothing that they tell of.
    private func write() async {
        while !waiting.isEmpty {
            let events = waiting
            waiting = []
            do {
                feed.add(try await store.append(events))
            } catch {
                log.error("events cannot be stored now", metadata: ["events": "\(events.count)", "error": "\(error)"])
                waiting = (events + waiting).suffix(Int(MeshStore.eventsKept))
                break
            }
        }
        writer = nil
    }
}
