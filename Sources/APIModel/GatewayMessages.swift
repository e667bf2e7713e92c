import WarrenInventory
import WarrenModel
import WarrenStatus

extension APIMessage {
    /// `GET /v1/gateways/{site}`: all that is known of one site's gateway.
    public struct GatewayDetails: Sendable, Codable {
        public var status: SiteStatus
        /// Its peers call the tunnel to it `gif<index>`.
        public var index: Int
        public var platform: Platform
        /// Nil, as `report`, when it has not reported since the controller started.
        public var agentVersion: String?
        /// The public addresses: as the inventory says, or as they were learned.
        public var outerAddresses: [IPAddress]
        public var networks: [IPPrefix]
        /// RFC 3339, UTC; nil when no agent is enrolled.
        public var certificateExpiresAt: String?
        public var tags: [String]
        public var report: AgentReport?
        /// Those of the site, in order.
        public var links: [LinkStatus]
        /// The latest that tell of the site or of a link of it, oldest first.
        public var events: [Event]
        public init(
            status: SiteStatus, index: Int, platform: Platform, agentVersion: String?, outerAddresses: [IPAddress],
            networks: [IPPrefix], certificateExpiresAt: String?, tags: [String], report: AgentReport?, links: [LinkStatus],
            events: [Event]
        ) {
            self.status = status
            self.index = index
            self.platform = platform
            self.agentVersion = agentVersion
            self.outerAddresses = outerAddresses
            self.networks = networks
            self.certificateExpiresAt = certificateExpiresAt
            self.tags = tags
            self.report = report
            self.links = links
            self.events = events
        }
    }

    /// `GET /v1/addresses`: the address space of the current generation.
    public struct Addresses: Sendable, Codable {
        public var generation: Generation
        /// In order of names.
        public var sites: [SiteAddresses]
        /// Networks of two sites that have addresses in common and live together since they are translated; in order.
        public var overlaps: [AddressOverlap]
        /// The same as a tree of ranges, with who owns them and what is free.
        public var space: AddressSpace?
        public init(generation: Generation, sites: [SiteAddresses], overlaps: [AddressOverlap], space: AddressSpace?) {
            self.generation = generation
            self.sites = sites
            self.overlaps = overlaps
            self.space = space
        }
    }

    public struct SiteAddresses: Sendable, Codable {
        public var site: SiteName
        public var networks: [SiteNetwork]
        public var outerAddresses: [IPAddress]
        /// The gateway's own, within one of the networks.
        public var innerAddress: IPAddress
        public var tags: [String]
        public init(
            site: SiteName, networks: [SiteNetwork], outerAddresses: [IPAddress], innerAddress: IPAddress, tags: [String]
        ) {
            self.tags = tags
            self.site = site
            self.networks = networks
            self.outerAddresses = outerAddresses
            self.innerAddress = innerAddress
        }
    }

    public struct SiteNetwork: Sendable, Codable {
        /// As its hosts are numbered.
        public var real: IPPrefix
        /// As the other sites see it; the same unless it is translated.
        public var visible: IPPrefix
        public init(real: IPPrefix, visible: IPPrefix) {
            self.real = real
            self.visible = visible
        }
    }

    public struct AddressOverlap: Sendable, Codable {
        /// The wider of the two.
        public var site: SiteName
        public var network: IPPrefix
        public var otherSite: SiteName
        public var otherNetwork: IPPrefix
        public init(site: SiteName, network: IPPrefix, otherSite: SiteName, otherNetwork: IPPrefix) {
            self.site = site
            self.network = network
            self.otherSite = otherSite
            self.otherNetwork = otherNetwork
        }
    }
}
