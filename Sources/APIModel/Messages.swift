import WarrenInventory
import WarrenModel
import WarrenPlan

/// The bodies of the operators' HTTP API, version 1: JSON, shared by the server and its clients.
public enum APIMessage {
    /// `POST /v1/plan`: what would change if these files were applied. Answer: `PlanPreview`.
    public struct PlanRequest: Sendable, Codable {
        public var files: [InventoryFile]
        /// Key epochs, addresses and drained sites that go with them; nil: those of the current generation.
        public var assignments: Assignments?
        /// The only gateway to be told of, with all its changes; nil: every one, as far as they are not too many.
        public var site: SiteName?
        public init(files: [InventoryFile], assignments: Assignments? = nil, site: SiteName? = nil) {
            self.files = files
            self.assignments = assignments
            self.site = site
        }
    }

    public struct PlanPreview: Sendable, Codable {
        /// The generation that the changes are counted from.
        public var current: Generation
        /// What the sites and links would have: with the files, all that determines the plan.
        public var assignments: Assignments
        public var changes: ChangeSet
        public init(current: Generation, assignments: Assignments, changes: ChangeSet) {
            self.current = current
            self.assignments = assignments
            self.changes = changes
        }
    }

    /// `POST /v1/generations`: accept these files as the next generation, and roll it out. Answer: `Accepted`; 409 when
    /// `expected` is not the current generation any more, or another roll-out is under way; 422 with `diagnostics` when the
    /// inventory has faults.
    public struct ApplyRequest: Sendable, Codable {
        public var files: [InventoryFile]
        public var expected: Generation
        /// Key epochs, addresses and drained sites that go with them; nil: those of the current generation.
        public var assignments: Assignments?
        /// The fingerprint of the changes that the operator has seen: 409 when they would be others. Nil: whichever they are.
        public var fingerprint: String?
        /// How it is rolled out; nil: as the controller has it by default.
        public var strategy: Strategy?
        public init(
            files: [InventoryFile], expected: Generation, assignments: Assignments? = nil, fingerprint: String? = nil,
            strategy: Strategy? = nil
        ) {
            self.files = files
            self.expected = expected
            self.assignments = assignments
            self.fingerprint = fingerprint
            self.strategy = strategy
        }
    }

    public struct Accepted: Sendable, Codable {
        public var generation: Generation
        public init(generation: Generation) { self.generation = generation }
    }

    /// `POST /v1/tokens`: a token with which one agent may enrol once for one site. Answer: `TokenResponse`.
    public struct TokenRequest: Sendable, Codable {
        public var site: SiteName
        public var lifetimeSeconds: UInt32
        public init(site: SiteName, lifetimeSeconds: UInt32) {
            self.site = site
            self.lifetimeSeconds = lifetimeSeconds
        }
    }

    public struct TokenResponse: Sendable, Codable {
        /// Shown once: the controller keeps only its hash.
        public var token: String
        public var expiresInSeconds: UInt32
        public init(token: String, expiresInSeconds: UInt32) {
            self.token = token
            self.expiresInSeconds = expiresInSeconds
        }
    }

    /// `GET /v1/plan`: the plan of the current generation, sent gateway by gateway; with `?site=NAME`, of that one alone. Keys
    /// are references.
    public struct CurrentPlan: Sendable, Codable {
        public var generation: Generation
        public var plan: Plan
        public init(generation: Generation, plan: Plan) {
            self.generation = generation
            self.plan = plan
        }
    }

    /// Every error's body, `application/problem+json` (RFC 9457); `diagnostics` when an inventory is at fault.
    public struct Problem: Sendable, Codable, Error {
        public var title: String
        public var status: Int
        public var detail: String
        public var diagnostics: [Diagnostic]?
        public init(title: String, status: Int, detail: String, diagnostics: [Diagnostic]? = nil) {
            self.title = title
            self.status = status
            self.detail = detail
            self.diagnostics = diagnostics
        }
    }
}
