import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenTrust

/// A site's place in the mesh, for its life: its identity and the index that names its tunnels on its peers.
public struct SiteRecord: Sendable, Hashable, Codable {
    public let id: SiteID
    public let name: SiteName
    /// Positive, and never given to another site.
    public let index: Int
    public let since: Generation
    /// The first generation without the site; nil while it belongs to the mesh.
    public var retired: Generation?

    public init(id: SiteID, name: SiteName, index: Int, since: Generation, retired: Generation? = nil) {
        self.id = id
        self.name = name
        self.index = index
        self.since = since
        self.retired = retired
    }
}

/// An accepted inventory, and what was assigned to its sites and links: together they determine every gateway's plan.
public struct GenerationRecord: Sendable, Hashable, Codable {
    public let generation: Generation
    public let mesh: String
    public let files: [InventoryFile]
    public let assignments: Assignments
    public let siteCount: Int
    public let acceptedAt: Date

    public init(
        generation: Generation, mesh: String, files: [InventoryFile], assignments: Assignments, siteCount: Int, acceptedAt: Date
    ) {
        self.generation = generation
        self.mesh = mesh
        self.files = files
        self.assignments = assignments
        self.siteCount = siteCount
        self.acceptedAt = acceptedAt
    }
}

/// The one agent that is enrolled for a site.
public struct AgentRecord: Sendable, Hashable, Codable {
    public let site: SiteID
    /// SHA-256 of the certificate in DER, as hexadecimal digits.
    public let fingerprint: String
    public let enrolledAt: Date
    public let certificateEnds: Date
    /// SHA-256 of the key that the certificate is for; nil in a record of an earlier version.
    public let key: String?
    /// The certificate that this one renews, see `SiteCertificates`.
    public private(set) var renews: String?
    /// This one in DER as long as it was not seen, to be given out again.
    public private(set) var unseen: Data?

    public init(
        site: SiteID, fingerprint: String, enrolledAt: Date, certificateEnds: Date, key: String? = nil, renews: String? = nil,
        unseen: Data? = nil
    ) {
        self.site = site
        self.fingerprint = fingerprint
        self.enrolledAt = enrolledAt
        self.certificateEnds = certificateEnds
        self.key = key
        self.renews = renews
        self.unseen = unseen
    }

    public var certificates: SiteCertificates<String> { SiteCertificates(newest: fingerprint, key: key, renews: renews) }

    /// The record once the certificate was seen; nil when it stays as it is.
    public func seen(_ certificate: String) -> AgentRecord? {
        guard let certificates = certificates.seen(certificate) else { return nil }
        var record = self
        record.renews = certificates.renews
        record.unseen = nil
        return record
    }
}

/// A token that was given out; it is stored under the SHA-256 of its secret.
public struct TokenRecord: Sendable, Hashable, Codable {
    public let site: SiteID
    public let expiresAt: Date
    public var usedAt: Date?
    /// When another was made for its site; nil unless nobody had used it by then.
    public var replacedAt: Date?
    /// What it was used for; nil when for nothing, or in a record of an earlier version.
    public var issued: Issued?

    /// The one certificate that a token is worth.
    public struct Issued: Sendable, Hashable, Codable {
        /// In DER.
        public let certificate: Data
        /// SHA-256, as hexadecimal digits.
        public let fingerprint: String, key: String

        public init(certificate: Data, fingerprint: String, key: String) {
            self.certificate = certificate
            self.fingerprint = fingerprint
            self.key = key
        }
    }

    public init(site: SiteID, expiresAt: Date, usedAt: Date? = nil) {
        self.site = site
        self.expiresAt = expiresAt
        self.usedAt = usedAt
    }

    public var use: TokenUse<String> {
        guard usedAt != nil else { return replacedAt == nil ? .unused : .replaced }
        return issued.map { .used(certificate: $0.fingerprint, key: $0.key) } ?? .spent
    }
}

/// One roll-out, for people to read: how it was to go, and how it stands or ended.
public struct RolloutRecord: Sendable, Equatable, Codable {
    public let generation: Generation
    public let from: Generation
    public let strategy: RolloutStrategy
    /// Only these sites' gateways; nil: all.
    public let limit: [SiteName]?
    /// The newest event before it began.
    public let firstEvent: UInt64
    public let startedAt: Date
    public var finishedAt: Date?
    public var view: RolloutView

    public init(
        generation: Generation, from: Generation, strategy: RolloutStrategy, limit: [SiteName]?, firstEvent: UInt64,
        startedAt: Date, finishedAt: Date?, view: RolloutView
    ) {
        self.generation = generation
        self.from = from
        self.strategy = strategy
        self.limit = limit
        self.firstEvent = firstEvent
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.view = view
    }
}

/// Something that happened, for people to read.
public struct EventRecord: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case generationAccepted = "generation-accepted"
        case tokenCreated = "token-created"
        case agentEnrolled = "agent-enrolled"
        case certificateRenewed = "certificate-renewed"
        case agentConnected = "agent-connected"
        case agentDisconnected = "agent-disconnected"
        case applyFailed = "apply-failed"
        case applied
        case restored
        case agentRevoked = "agent-revoked"
        case accessTokenCreated = "access-token-created"
        case accessTokenRevoked = "access-token-revoked"
        case captureBegun = "capture-begun"
        case addressLearned = "address-learned"
        case rolloutStep = "rollout-step"
        case rolloutWave = "rollout-wave"
        case rolloutWaveDone = "rollout-wave-done"
        case rolloutSiteFailed = "rollout-site-failed"
        case rolloutSiteLate = "rollout-site-late"
        case rolloutSiteReturned = "rollout-site-returned"
        case rolloutWaiting = "rollout-waiting"
        case rolloutPaused = "rollout-paused"
        case rolloutResumed = "rollout-resumed"
        case rolloutHalted = "rollout-halted"
        case rolloutFinished = "rollout-finished"
        case linkUp = "link-up"
        case linkDown = "link-down"
        case linkDegraded = "link-degraded"
        case linkFlapping = "link-flapping"
        case linkSteady = "link-steady"
        case linksChanged = "links-changed"
    }

    /// Counts from 1.
    public var number: UInt64
    public let at: Date
    public let kind: Kind
    public let site: SiteName?
    public var link: LinkID?
    public let text: String

    public init(number: UInt64 = 0, at: Date, kind: Kind, site: SiteName? = nil, link: LinkID? = nil, text: String) {
        self.number = number
        self.at = at
        self.kind = kind
        self.site = site
        self.link = link
        self.text = text
    }
}
