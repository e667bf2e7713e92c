import Foundation
import WarrenModel

/// Which events are asked for.
public struct EventQuery: Sendable, Hashable {
    /// Events with greater numbers.
    public var after: UInt64?
    /// Events of this moment or later.
    public var since: Date?
    /// Of this site, or of a link of it.
    public var site: SiteName?
    public var link: LinkID?
    public var kind: EventRecord.Kind?
    /// At most so many: the oldest when `after` or `since` says where to begin, else the newest.
    public var limit: Int

    public init(
        after: UInt64? = nil, since: Date? = nil, site: SiteName? = nil, link: LinkID? = nil, kind: EventRecord.Kind? = nil,
        limit: Int = 1000
    ) {
        self.after = after
        self.since = since
        self.site = site
        self.link = link
        self.kind = kind
        self.limit = limit
    }

    func takes(_ event: EventRecord) -> Bool {
        if let after, event.number <= after { return false }
        if let since, event.at < since { return false }
        if let link, event.link != link { return false }
        if let kind, event.kind != kind { return false }
        guard let site else { return true }
        return event.site == site || event.link?.contains(site) ?? false
    }
}

/// What happened, kept as long as there are not too many, and none is too old.
extension MeshStore {
    /// Older events than this many are dropped.
    public static let eventsKept: UInt64 = 20_000
    private static let page = 500

    /// Appends the events under the next numbers, in one transaction, and returns them with these.
    @discardableResult
    public func append(_ events: [EventRecord]) async throws(StoreError) -> [EventRecord] {
        guard !events.isEmpty else { return [] }
        while true {
            let counter = try await read("event-count", as: UInt64.self)
            var transaction = StoreTransaction(), numbered = events
            for index in numbered.indices {
                let number = (counter?.value ?? 0) + UInt64(index) + 1
                numbered[index].number = number
                transaction.put(Self.eventKey(number), try Self.encode(numbered[index]))
                if number > Self.eventsKept { transaction.delete(Self.eventKey(number - Self.eventsKept)) }
            }
            transaction.require("event-count", at: counter?.revision ?? .absent)
            transaction.put("event-count", try Self.encode(numbered.last?.number ?? 0))
            do {
                try await store.commit(transaction)
                return numbered
            } catch .conflict {
                continue
            }
        }
    }

    @discardableResult
    public func append(_ event: EventRecord) async throws(StoreError) -> EventRecord {
        try await append([event]).first ?? event
    }

    /// The events with a greater number than `number`, oldest first.
    public func events(since number: UInt64, limit: Int) async throws(StoreError) -> [EventRecord] {
        let entries = try await store.list(prefix: "event/", after: Self.eventKey(number), limit: limit)
        return try entries.map { entry throws(StoreError) in try Self.decode(entry) }
    }

    /// The events that are asked for, oldest first.
    public func events(_ query: EventQuery) async throws(StoreError) -> [EventRecord] {
        query.after == nil && query.since == nil ? try await newest(query) : try await oldest(query)
    }

    private func oldest(_ query: EventQuery) async throws(StoreError) -> [EventRecord] {
        var found: [EventRecord] = [], after = query.after ?? 0
        while found.count < query.limit {
            let page = try await events(since: after, limit: Self.page)
            found += page.filter(query.takes)
            guard page.count == Self.page, let last = page.last else { break }
            after = last.number
        }
        return Array(found.prefix(query.limit))
    }

    private func newest(_ query: EventQuery) async throws(StoreError) -> [EventRecord] {
        var found: [EventRecord] = [], end = try await latestEvent()
        while found.count < query.limit, end > 0 {
            let start = end > UInt64(Self.page) ? end - UInt64(Self.page) : 0
            let page = try await events(since: start, limit: Self.page).filter { $0.number <= end }
            guard !page.isEmpty else { break }
            found = page.filter(query.takes) + found
            end = start
        }
        return Array(found.suffix(query.limit))
    }

    /// Forgets events from before `limit`.
    public func pruneEvents(before limit: Date) async throws(StoreError) {
        while true {
            var transaction = StoreTransaction()
            for event in try await events(since: 0, limit: Self.page) where event.at < limit {
                transaction.delete(Self.eventKey(event.number))
            }
            guard !transaction.writes.isEmpty else { return }
            try await store.commit(transaction)
        }
    }
}
