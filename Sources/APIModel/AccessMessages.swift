import WarrenModel

/// Who may use the API.
extension APIMessage {
    /// `GET /v1/whoami`: whose credential the request has. Also the answer to `POST /v1/session`.
    public struct Identity: Sendable, Equatable, Codable {
        public enum Means: String, Sendable, Codable, CaseIterable { case socket, token, session }
        /// Of the token, also in its sessions; `socket` for whoever may open the controller's unix socket.
        public var name: String
        public var role: AccessRole
        public var means: Means
        /// RFC 3339, UTC; nil: never.
        public var expiresAt: String?
        public init(name: String, role: AccessRole, means: Means, expiresAt: String?) {
            self.name = name
            self.role = role
            self.means = means
            self.expiresAt = expiresAt
        }
    }

    /// `GET /v1/access-tokens`: a list of these, in order of names. The token that the controller made at its first start is not
    /// among them.
    public struct AccessToken: Sendable, Equatable, Codable {
        public var name: String
        public var role: AccessRole
        /// RFC 3339, UTC, like the others.
        public var createdAt: String
        /// Nil: never.
        public var expiresAt: String?
        /// To the minute; nil: it was not used yet.
        public var lastUsedAt: String?
        public init(name: String, role: AccessRole, createdAt: String, expiresAt: String?, lastUsedAt: String?) {
            self.name = name
            self.role = role
            self.createdAt = createdAt
            self.expiresAt = expiresAt
            self.lastUsedAt = lastUsedAt
        }
    }

    /// `POST /v1/access-tokens`: a token for an operator. Answer: `NewAccessToken`; 409 when there is one of that name.
    public struct AccessTokenRequest: Sendable, Codable {
        /// 1 to 64 of letters, digits and `.-_@`, beginning with a letter or digit.
        public var name: String
        public var role: AccessRole
        /// Up to ten years; nil: it does not expire.
        public var lifetimeSeconds: UInt32?
        public init(name: String, role: AccessRole, lifetimeSeconds: UInt32? = nil) {
            self.name = name
            self.role = role
            self.lifetimeSeconds = lifetimeSeconds
        }
    }

    public struct NewAccessToken: Sendable, Codable {
        /// Shown once: the controller keeps only its hash.
        public var token: String
        public var details: AccessToken
        public init(token: String, details: AccessToken) {
            self.token = token
            self.details = details
        }
    }
}
