/// What a controller asks of the place where it keeps its state: ordered keys, values of bytes, transactions that compare
/// and swap, and a watch. SQLite gives it on one machine; etcd gives the same to several.
///
/// Keys order by their bytes. Every committed transaction gets a revision, greater than all before; an entry carries
/// the revision that last wrote it. What `commit` has returned is durable.
public protocol Store: Sendable {
    func get(_ key: String) async throws(StoreError) -> StoredEntry?

    /// The entries whose key starts with `prefix`, in order of keys, after `after` if given, at most `limit`.
    func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [StoredEntry]

    /// Writes all of the transaction or nothing. Throws `.conflict` when a condition doesn't hold.
    @discardableResult
    func commit(_ transaction: StoreTransaction) async throws(StoreError) -> StoreRevision

    /// The keys under `prefix` that each later transaction writes or deletes, one element per transaction. A consumer that
    /// falls behind loses the oldest elements, so it rereads rather than counts.
    func watch(prefix: String) -> AsyncStream<StoreChange>
}

extension Store {
    public func list(prefix: String) async throws(StoreError) -> [StoredEntry] {
        try await list(prefix: prefix, after: nil, limit: .max)
    }
}

/// The number of a committed transaction; `.absent` stands for "there is no entry" in a condition.
public struct StoreRevision: RawRepresentable, Sendable, Hashable, Comparable {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public static let absent = StoreRevision(rawValue: 0)
    public static func < (a: StoreRevision, b: StoreRevision) -> Bool { a.rawValue < b.rawValue }
}

public struct StoredEntry: Sendable, Hashable {
    public let key: String
    public let value: [UInt8]
    public let revision: StoreRevision

    public init(key: String, value: [UInt8], revision: StoreRevision) {
        self.key = key
        self.value = value
        self.revision = revision
    }
}

/// Conditions, then writes; a key is written or deleted once at most.
public struct StoreTransaction: Sendable {
    /// The revision that each of these keys must have.
    public var conditions: [String: StoreRevision] = [:]
    /// New values; nil deletes, also what isn't there.
    public var writes: [String: [UInt8]?] = [:]

    public init() {}

    public mutating func require(_ key: String, at revision: StoreRevision) { conditions[key] = revision }
    public mutating func put(_ key: String, _ value: [UInt8]) { writes[key] = .some(value) }
    public mutating func delete(_ key: String) { writes[key] = .some(nil) }
}

public struct StoreChange: Sendable, Hashable {
    public let revision: StoreRevision
    public let keys: [String]

    public init(revision: StoreRevision, keys: [String]) {
        self.revision = revision
        self.keys = keys
    }
}

/// Why the store refused.
public enum StoreError: Error, Sendable, CustomStringConvertible {
    /// A condition on this key doesn't hold: somebody else wrote first.
    case conflict(key: String)
    /// The generation that the caller counted from is not the current one.
    case generationConflict(current: UInt64)
    case tokenUnknown
    case tokenUsed
    case tokenReplaced
    case tokenExpired
    /// What is stored under this key is not what belongs there.
    case corrupt(key: String, reason: String)
    /// The database itself failed.
    case failed(reason: String)

    public var description: String {
        switch self {
        case .conflict(let key): "'\(key)' was written by somebody else meanwhile"
        case .generationConflict(let current): "the current generation is \(current)"
        case .tokenUnknown: "the token is not one that this controller gave out"
        case .tokenUsed: "the token has been used"
        case .tokenReplaced: "another token was made for the site since: this one is good no more"
        case .tokenExpired: "the token has expired"
        case .corrupt(let key, let reason): "stored entry '\(key)' is damaged: \(reason)"
        case .failed(let reason): "the store failed: \(reason)"
        }
    }
}
