import Crypto
import Foundation
import Logging
import Synchronization
import WarrenModel
import WarrenStore

/// Who may use the operators' API: tokens, which are in the store as hashes, and sessions of browsers, which live in memory and
/// end with the process. Of no credential more than its hash is kept.
public final class AccessControl: Sendable {
    /// The file with the token that is there from the first start; its role is admin.
    public static let firstTokenFile = "api-token"
    public static let firstTokenName = "api-token"
    public static let sessionLifetime: TimeInterval = 12 * 3600
    static let sessionsPerToken = 100
    public static let tokenLifetimeSeconds: ClosedRange<UInt32> = 1...10 * 366 * 86_400
    static let largestNumberOfTokens = 1000

    struct Session {
        let principal: Principal
        /// The credential that it was given for.
        let token: String
        let expiresAt: Date
    }

    struct State {
        /// By id.
        var tokens: [String: AccessTokenRecord]
        var firstToken: SHA256.Digest?
        /// By the hash of their id.
        var sessions: [String: Session] = [:]
    }

    let state: Mutex<State>
    let store: MeshStore
    let clock: ControllerClock
    let log: Logger

    init(store: MeshStore, clock: ControllerClock, log: Logger) async throws {
        let tokens = try await store.accessTokens()
        state = Mutex(State(tokens: Dictionary(tokens.map { ($0.id, $0) }) { first, _ in first }))
        self.store = store
        self.clock = clock
        self.log = log
    }

    /// Admits the token that `api-token` in `directory` holds, and makes it at the first start.
    public func admitFirstToken(in directory: StateDirectory) throws {
        let text: String
        if let bytes = try directory.readSecret(Self.firstTokenFile) {
            text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard text.utf8.count >= 32 else {
                throw ControllerError.stateDirectory(directory.file(Self.firstTokenFile), "holds no token")
            }
        } else {
            text = AccessToken.random(bytes: 32)
            try directory.writeSecret(Self.firstTokenFile, Array((text + "\n").utf8))
        }
        let hash = SHA256.hash(data: Data(text.utf8))
        state.withLock { $0.firstToken = hash }
    }

    /// Whose token this is; nil when it is nobody's, or has expired. Takes the same time wherever it differs from a good one:
    /// digests are compared, and those in constant time.
    public func principal(ofToken text: String) -> Principal? {
        let now = clock.date()
        guard let token = AccessToken(text) else {
            guard let first = state.withLock({ $0.firstToken }), SHA256.hash(data: Data(text.utf8)) == first else { return nil }
            return Principal(
                name: Self.firstTokenName, role: .admin, means: .token, credential: Self.firstTokenName, expiresAt: nil)
        }
        guard let record = state.withLock({ $0.tokens[token.id] }),
            SHA256.hash(data: Data(token.secret.utf8)) == Data(record.hash), record.isGood(at: now)
        else { return nil }
        noteUse(of: record, at: now)
        return Principal(
            name: record.name, role: record.role, means: .token, credential: record.id, expiresAt: record.expiresAt)
    }

    /// Whether whoever was admitted once would still be.
    public func isStillGood(_ principal: Principal) -> Bool {
        let now = clock.date()
        return state.withLock { state in
            switch principal.means {
            case .socket: true
            case .token: Self.isGood(token: principal.credential, state, now)
            case .session: state.sessions[principal.credential].map { Self.isGood($0, state, now) } ?? false
            }
        }
    }

    static func isGood(_ session: Session, _ state: State, _ now: Date) -> Bool {
        now < session.expiresAt && isGood(token: session.token, state, now)
    }

    private static func isGood(token: String, _ state: State, _ now: Date) -> Bool {
        token == firstTokenName || state.tokens[token]?.isGood(at: now) == true
    }
}
