import WarrenModel

/// Everything one gateway must run: the handbook's procedure for one of its machines, as values.
public struct GatewayPlan: Sendable, Hashable, Codable {
    /// A pre-shared key that the gateway needs, by reference.
    public struct Key: Sendable, Hashable, Codable {
        public let peer: SiteName
        public let reference: PSKReference
        public init(peer: SiteName, reference: PSKReference) {
            self.peer = peer
            self.reference = reference
        }

        /// The reference names the peer.
        public func hash(into hasher: inout Hasher) { hasher.combine(reference) }
        public func _rawHashValue(seed: Int) -> Int { reference._rawHashValue(seed: seed) }
    }

    /// A peer that there can be no tunnel to for now, since the public address of one end is not known yet.
    public struct AwaitedPeer: Sendable, Hashable, Codable {
        public let peer: SiteName
        /// The site, this or the peer, whose address is awaited.
        public let site: SiteName
        /// Where the address will come from.
        public let source: PublicAddressSource
        public init(peer: SiteName, site: SiteName, source: PublicAddressSource) {
            self.peer = peer
            self.site = site
            self.source = source
        }
    }

    public var site: SiteName
    public var platform: Platform
    /// The index that names this site's tunnels on its peers.
    public var index: Int
    public var outerAddresses: [IPAddress]
    public var innerAddress: IPAddress
    /// The site's own networks.
    public var networks: [IPPrefix]
    public var tunnels: [GIFTunnel]
    public var routes: [Route]
    /// Networks that must never be left to the default route: remote ones, also while their tunnel is away, and those that
    /// other sites know this site's own by.
    public var unreachable: [IPPrefix]
    public var policies: [SecurityPolicy]
    public var keys: [Key]
    public var firewall: [FirewallRule]
    public var ike: [IKEPeer]
    /// The site's networks that the others see under other addresses.
    public var translations: [NetworkTranslation]
    public var awaiting: [AwaitedPeer]

    public init(
        site: SiteName, platform: Platform, index: Int, outerAddresses: [IPAddress], innerAddress: IPAddress,
        networks: [IPPrefix], tunnels: [GIFTunnel] = [], routes: [Route] = [], unreachable: [IPPrefix] = [],
        policies: [SecurityPolicy] = [], keys: [Key] = [], firewall: [FirewallRule] = [], ike: [IKEPeer] = [],
        translations: [NetworkTranslation] = [], awaiting: [AwaitedPeer] = []
    ) {
        self.site = site
        self.platform = platform
        self.index = index
        self.outerAddresses = outerAddresses
        self.innerAddress = innerAddress
        self.networks = networks
        self.tunnels = tunnels
        self.routes = routes
        self.unreachable = unreachable
        self.policies = policies
        self.keys = keys
        self.firewall = firewall
        self.ike = ike
        self.translations = translations
        self.awaiting = awaiting
    }
}
