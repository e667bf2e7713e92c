import WarrenModel
import WarrenPlan

/// What one gateway shall run, whole: its plan, and the pre-shared keys that the plan refers to.
///
/// Not `Codable`, so that no key is encoded by accident: the wire mapping writes it where it must travel or be kept.
///
/// A copy costs no more than a reference, however large the plan: an agent holds a few of them and compares them all the time.
public struct DesiredState: Sendable {
    public var mesh: String
    public var version: StateVersion
    private var content: Content

    private final class Content: Sendable {
        let plan: GatewayPlan
        let keys: [PSKReference: PreSharedKey]

        init(_ plan: GatewayPlan, _ keys: [PSKReference: PreSharedKey]) {
            self.plan = plan
            self.keys = keys
        }
    }

    public var plan: GatewayPlan {
        get { content.plan }
        set { content = Content(newValue, content.keys) }
    }

    public var keys: [PSKReference: PreSharedKey] {
        get { content.keys }
        set { content = Content(content.plan, newValue) }
    }

    public var generation: Generation { version.generation }

    public init(mesh: String, version: StateVersion, plan: GatewayPlan, keys: [PSKReference: PreSharedKey]) {
        self.mesh = mesh
        self.version = version
        content = Content(plan, keys)
    }
}

extension DesiredState: Equatable {
    public static func == (a: Self, b: Self) -> Bool {
        guard a.version == b.version, a.mesh == b.mesh else { return false }
        return a.content === b.content || a.content.keys == b.content.keys && a.content.plan == b.content.plan
    }
}

/// What a gateway really has of the things that Warren owns there.
public struct ObservedState: Sendable, Equatable, Encodable {
    public var tunnels: [TunnelReport]
    public var routes: Set<Route>
    public var unreachable: Set<IPPrefix>
    public var policies: Set<SecurityPolicy>
    /// The peers that the IKE daemon is configured with. A key in use is named by its reference.
    public var peers: Set<IKEPeer>
    public var firewall: [FirewallRule]
    /// In order of the networks, whatever the order in which they were set.
    public var translations: [NetworkTranslation]
    public var securityAssociations: [SAReport]
    public var ike: [IKEReport]

    public init(
        tunnels: [TunnelReport] = [], routes: Set<Route> = [], unreachable: Set<IPPrefix> = [],
        policies: Set<SecurityPolicy> = [], peers: Set<IKEPeer> = [], firewall: [FirewallRule] = [],
        translations: [NetworkTranslation] = [], securityAssociations: [SAReport] = [], ike: [IKEReport] = []
    ) {
        self.tunnels = tunnels
        self.routes = routes
        self.unreachable = unreachable
        self.policies = policies
        self.peers = peers
        self.firewall = firewall
        self.translations = translations
        self.securityAssociations = securityAssociations
        self.ike = ike
    }
}

/// One step from observed to desired. Each may be repeated: making what is there and deleting what is not both succeed.
public enum Operation: Sendable, Hashable {
    case setFirewall([FirewallRule])
    /// The whole set at once; what is not among them is translated no longer.
    case setTranslations([NetworkTranslation])
    case addUnreachable(IPPrefix)
    case removeUnreachable(IPPrefix)
    case addPolicy(SecurityPolicy)
    case removePolicy(SecurityPolicy)
    /// Creates the tunnel, or makes an interface of this name match.
    case setTunnel(GIFTunnel)
    case removeTunnel(interface: String)
    /// Configures the IKE daemon for a peer; the key is looked up in the desired state by the peer's reference.
    case setPeer(IKEPeer)
    case removePeer(SiteName)
    case addRoute(Route)
    case removeRoute(Route)
}
