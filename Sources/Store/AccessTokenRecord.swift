import Foundation
import WarrenModel

/// An operator's token that was given out.
public struct AccessTokenRecord: Sendable, Hashable, Codable {
    /// Part of the token, and no secret.
    public let id: String
    /// Unique.
    public let name: String
    public let role: AccessRole
    /// SHA-256 of the token's secret part.
    public let hash: [UInt8]
    public let createdAt: Date
    /// Nil: never.
    public let expiresAt: Date?
    /// To the minute.
    public var lastUsedAt: Date?

    public init(
        id: String, name: String, role: AccessRole, hash: [UInt8], createdAt: Date, expiresAt: Date?, lastUsedAt: Date? = nil
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }

    public func isGood(at now: Date) -> Bool { expiresAt.map { now < $0 } ?? true }
}

extension MeshStore {
    private static func key(_ name: String) -> String { "access/" + name }

    public func accessTokens() async throws(StoreError) -> [AccessTokenRecord] {
        try await store.list(prefix: "access/").map { entry throws(StoreError) in try Self.decode(entry) }
    }

    /// Throws `.conflict` when there is one of that name.
    public func addAccessToken(_ token: AccessTokenRecord) async throws(StoreError) {
        var transaction = StoreTransaction()
        transaction.require(Self.key(token.name), at: .absent)
        transaction.put(Self.key(token.name), try Self.encode(token))
        try await store.commit(transaction)
    }

    /// Replaces the token if it is still there; one that was revoked, or made anew under its name, stays as it is.
    public func updateAccessToken(_ token: AccessTokenRecord) async throws(StoreError) {
        guard let old = try await read(Self.key(token.name), as: AccessTokenRecord.self), old.value.id == token.id else {
            return
        }
        var transaction = StoreTransaction()
        transaction.require(Self.key(token.name), at: old.revision)
        transaction.put(Self.key(token.name), try Self.encode(token))
        do {
            try await store.commit(transaction)
        } catch .conflict {
            return
        }
    }

    public func removeAccessToken(named name: String) async throws(StoreError) {
        var transaction = StoreTransaction()
        transaction.delete(Self.key(name))
        try await store.commit(transaction)
    }
}
