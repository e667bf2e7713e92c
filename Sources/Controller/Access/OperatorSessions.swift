import Crypto
import Foundation
import WarrenModel

/// Sessions of browsers: what is done with a cookie is done with the token that it was given for.
extension AccessControl {
    /// Opens a session for whoever has a token: its id, which is a secret, and who it speaks for.
    public func openSession(for owner: Principal) -> (id: String, principal: Principal) {
        let id = AccessToken.random(bytes: 32), now = clock.date(), key = Self.key(of: id)
        let ends = min(now + Self.sessionLifetime, owner.expiresAt ?? .distantFuture)
        let principal = Principal(name: owner.name, role: owner.role, means: .session, credential: key, expiresAt: ends)
        state.withLock { state in
            state.sessions = state.sessions.filter { Self.isGood($0.value, state, now) }
            let others = state.sessions.filter { $0.value.token == owner.credential }
            if others.count >= Self.sessionsPerToken,
                let oldest = others.min(by: { $0.value.expiresAt < $1.value.expiresAt })
            {
                state.sessions[oldest.key] = nil
            }
            state.sessions[key] = Session(principal: principal, token: owner.credential, expiresAt: ends)
        }
        return (id, principal)
    }

    /// Whose session this is; nil when it is none, or has ended.
    public func principal(ofSession id: String) -> Principal? {
        let now = clock.date(), key = Self.key(of: id)
        return state.withLock { state in
            guard let session = state.sessions[key], Self.isGood(session, state, now) else { return nil }
            return session.principal
        }
    }

    public func endSession(of principal: Principal) {
        state.withLock { $0.sessions[principal.credential] = nil }
    }

    /// Sessions are looked up by a hash: what a comparison tells of it by its time helps nobody to find the id.
    private static func key(of id: String) -> String {
        CertificateAuthority.hexadecimal(SHA256.hash(data: Data(id.utf8)))
    }
}
