import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout

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
    /// The certificate that this one renews: it holds until the new one is first seen, in case the agent never got it.
    public var renews: String?

    public init(site: SiteID, fingerprint: String, enrolledAt: Date, certificateEnds: Date, renews: String? = nil) {
        self.site = site
        self.fingerprint = fingerprint
        self.enrolledAt = enrolledAt
        self.certificateEnds = certificateEnds
        self.renews = renews
    }
}

/// A token that was given out; it is stored under the SHA-256 of its secret.
public struct TokenRecord: Sendable, Hashable, Codable {
    public let site: SiteID
    public let expiresAt: Date
    public var usedAt: Date?

    public init(site: SiteID, expiresAt: Date, usedAt: Date? = nil) {
        self.site = site
        self.expiresAt = expiresAt
        self.usedAt = usedAt
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
