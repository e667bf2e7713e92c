import WarrenModel

extension APIMessage {
    /// `GET /v1/version`.
    public struct Version: Sendable, Codable {
        public var version: String
        /// The version of the agents' protocol that the controller speaks: `1.4`.
        public var agentProtocol: String
        public init(version: String, agentProtocol: String) {
            self.version = version
            self.agentProtocol = agentProtocol
        }
    }

    /// `GET /v1/generations?limit=N`: a list of these, newest first; at most N, or 100.
    public struct GenerationSummary: Sendable, Codable {
        public var generation: Generation
        public var mesh: String
        public var sites: Int
        /// RFC 3339, UTC.
        public var acceptedAt: String
        public init(generation: Generation, mesh: String, sites: Int, acceptedAt: String) {
            self.generation = generation
            self.mesh = mesh
            self.sites = sites
            self.acceptedAt = acceptedAt
        }
    }

    /// `GET /v1/events?since=N|TIME&site=NAME&link=A--B&kind=KIND&limit=N`: a list of these, oldest first: with numbers above N,
    /// or from TIME on (RFC 3339); only of that site (or a link of it), link or kind; at most `limit`, 1 to 1000, 1000 unless
    /// given: the oldest of them. Without `since` and with `limit`, the newest.
    public struct Event: Sendable, Equatable, Codable {
        public var number: UInt64
        /// RFC 3339, UTC.
        public var at: String
        /// `generation-accepted`, `agent-enrolled`, `agent-connected`, `link-down`, …
        public var kind: String
        public var site: SiteName?
        /// Of those that tell of a link.
        public var link: LinkID?
        public var text: String
        public init(number: UInt64, at: String, kind: String, site: SiteName?, link: LinkID? = nil, text: String) {
            self.number = number
            self.at = at
            self.kind = kind
            self.site = site
            self.link = link
            self.text = text
        }
    }
}
