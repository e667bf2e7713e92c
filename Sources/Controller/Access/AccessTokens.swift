import Foundation
import WarrenModel
import WarrenStore

/// Making, listing and revoking operators' tokens.
extension Controller {
    /// A new token, and what is kept of it. Throws `.nothingToDo` when there is one of that name.
    public nonisolated func createAccessToken(
        named name: String, role: AccessRole, lifetimeSeconds: UInt32?, by principal: Principal
    ) async throws -> (text: String, record: AccessTokenRecord) {
        guard AccessToken.isName(name) else {
            throw ControllerError.malformed(
                "a token's name is 1 to 64 of letters, digits and .-_@, and begins with a letter or digit")
        }
        guard name != AccessControl.firstTokenName else {
            throw ControllerError.nothingToDo("'\(name)' is the name of the token that is there from the first start")
        }
        if let lifetimeSeconds, !AccessControl.tokenLifetimeSeconds.contains(lifetimeSeconds) {
            throw ControllerError.malformed("a token lives 1 s to ten years, not \(lifetimeSeconds) s")
        }
        let token = AccessToken(), now = options.clock.date()
        let record = AccessTokenRecord(
            id: token.id, name: name, role: role, hash: token.hash, createdAt: now,
            expiresAt: lifetimeSeconds.map { now + TimeInterval($0) })
        try await access.add(record)
        let ending = record.expiresAt.map { ", until \($0.formatted(.iso8601))" } ?? ""
        await note(
            .accessTokenCreated, text: "\(principal.name) made the access token '\(name)' with role \(role.rawValue)\(ending)")
        return (token.text, record)
    }

    /// Ends a token and its sessions at once. Throws `.unknownAccessToken` when there is none of that name.
    public nonisolated func revokeAccessToken(named name: String, by principal: Principal) async throws {
        try await access.remove(named: name)
        await note(.accessTokenRevoked, text: "\(principal.name) revoked the access token '\(name)'")
    }
}

extension AccessControl {
    /// All tokens but the first, in order of names.
    public var tokens: [AccessTokenRecord] {
        state.withLock { Array($0.tokens.values) }.sorted { $0.name < $1.name }
    }

    func add(_ record: AccessTokenRecord) async throws {
        guard state.withLock({ $0.tokens.count }) < Self.largestNumberOfTokens else {
            throw ControllerError.nothingToDo("there are \(Self.largestNumberOfTokens) access tokens: revoke some")
        }
        do {
            try await store.addAccessToken(record)
        } catch .conflict {
            throw ControllerError.nothingToDo("there is an access token named '\(record.name)'")
        } catch {
            throw ControllerError.failed("\(error)")
        }
        state.withLock { $0.tokens[record.id] = record }
    }

    func remove(named name: String) async throws {
        guard let record = tokens.first(where: { $0.name == name }) else { throw ControllerError.unknownAccessToken(name) }
        // It is refused from now on, whatever the disk says to it.
        state.withLock { state in
            state.tokens[record.id] = nil
            state.sessions = state.sessions.filter { $0.value.token != record.id }
        }
        do {
            try await store.removeAccessToken(named: name)
        } catch {
            throw ControllerError.failed("\(error)")
        }
    }

    /// Remembers when a token was used, to the minute; what the disk thinks of it does not concern its user.
    func noteUse(of record: AccessTokenRecord, at now: Date) {
        if let last = record.lastUsedAt, now.timeIntervalSince(last) < 60 { return }
        let used = state.withLock { state in
            state.tokens[record.id]?.lastUsedAt = now
            return state.tokens[record.id]
        }
        guard let used else { return }
        Task {
            do {
                try await store.updateAccessToken(used)
            } catch {
                log.warning("the use of an access token could not be stored", metadata: ["error": "\(error)"])
            }
        }
    }
}
