import Foundation
import WarrenModel
import WarrenStore

/// The events that one address is yet to be told, in order, and when to try. Pure.
struct DeliveryQueue: Sendable {
    /// The oldest are dropped beyond so many.
    static let most = 1_000
    private static let longestWait = 300.0

    private(set) var events: [EventRecord] = []
    /// How many were dropped since the queue was made.
    private(set) var dropped = 0
    private var failures = 0
    private var notBefore = Date.distantPast

    mutating func add(_ new: some Sequence<EventRecord>) {
        events += new
        guard events.count > Self.most else { return }
        dropped += events.count - Self.most
        events.removeFirst(events.count - Self.most)
    }

    /// The event to be told now; nil when none is, or it is not time yet.
    mutating func next(now: Date) -> EventRecord? {
        let fresh = events.drop { now.timeIntervalSince($0.at) > Notify.patience }
        dropped += events.count - fresh.count
        events = Array(fresh)
        return now >= notBefore ? events.first : nil
    }

    /// It was told, or is not to be tried again.
    mutating func settle(_ event: EventRecord) {
        events.removeAll { $0.number == event.number }
        (failures, notBefore) = (0, .distantPast)
    }

    /// It could not be told: the next try waits, twice as long with each failure up to five minutes, with jitter.
    ///
    /// - Parameter random: from 0 to 1.
    mutating func fail(now: Date, random: Double) {
        failures += 1
        let wait = min(Self.longestWait, Double(1 << min(failures - 1, 10)))
        notBefore = now + wait * (0.5 + random / 2)
    }
}
