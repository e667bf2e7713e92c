import WarrenInventory
import WarrenModel
import WarrenPlan

/// Operations that make a new generation and roll it out. Each is answered with `Accepted`, and refused with 409 while another
/// roll-out is under way, or when the current generation is not the `expected` one; `expected` nil: whichever is current.
extension APIMessage {
    /// `POST /v1/rollback`: the inventory and assignments of the generation `to` again. Indexes of sites and epochs of keys never
    /// fall.
    public struct RollbackRequest: Sendable, Codable {
        public var to: Generation
        public var expected: Generation?
        public var strategy: Strategy?
        public init(to: Generation, expected: Generation? = nil, strategy: Strategy? = nil) {
            self.to = to
            self.expected = expected
            self.strategy = strategy
        }
    }

    /// `POST /v1/keys/rotate`: a new pre-shared key for these links.
    public struct RotateRequest: Sendable, Codable {
        /// Nil: all.
        public var links: [LinkID]?
        public var expected: Generation?
        public var strategy: Strategy?
        public init(links: [LinkID]? = nil, expected: Generation? = nil, strategy: Strategy? = nil) {
            self.links = links
            self.expected = expected
            self.strategy = strategy
        }
    }

    /// `POST /v1/sites/{name}/{drain|undrain|revoke}`; the body may be empty. Revoking ends the trust in the site's agent at
    /// once, also while a roll-out is under way: it makes no new generation, and looks at nothing in the body.
    public struct SiteRequest: Sendable, Codable {
        public var expected: Generation?
        public var strategy: Strategy?
        public init(expected: Generation? = nil, strategy: Strategy? = nil) {
            self.expected = expected
            self.strategy = strategy
        }
    }

    /// `GET /v1/generations/{n}`.
    public struct GenerationDetails: Sendable, Codable {
        public var generation: Generation
        public var mesh: String
        public var sites: Int
        /// RFC 3339, UTC.
        public var acceptedAt: String
        public var files: [InventoryFile]
        public var assignments: Assignments
        public init(
            generation: Generation, mesh: String, sites: Int, acceptedAt: String, files: [InventoryFile],
            assignments: Assignments
        ) {
            self.generation = generation
            self.mesh = mesh
            self.sites = sites
            self.acceptedAt = acceptedAt
            self.files = files
            self.assignments = assignments
        }
    }

    /// `GET /v1/changes?from=N&to=M`: what differs between the plans of two generations; `from` 0 is the empty mesh.
    public struct GenerationChanges: Sendable, Codable {
        public var from: Generation
        public var to: Generation
        public var changes: ChangeSet
        public init(from: Generation, to: Generation, changes: ChangeSet) {
            self.from = from
            self.to = to
            self.changes = changes
        }
    }

    /// `GET /v1/drift`: a list of these, in order of names: the gateways that are not as they shall be.
    public struct SiteDrift: Sendable, Equatable, Codable {
        public var site: SiteName
        public var connected: Bool
        /// What it runs, and what it shall run by now; nil when not known.
        public var version: StateVersion?
        public var intended: StateVersion?
        /// One sentence per difference that the agent found.
        public var drift: [String]
        public var failure: String?
        public init(
            site: SiteName, connected: Bool, version: StateVersion?, intended: StateVersion?, drift: [String], failure: String?
        ) {
            self.site = site
            self.connected = connected
            self.version = version
            self.intended = intended
            self.drift = drift
            self.failure = failure
        }
    }
}
