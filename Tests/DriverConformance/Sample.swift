import AgentCore
import WarrenModel
import WarrenPlan

/// A gateway's state without what changes by itself, so that set and observed compare.
struct Sample: Equatable {
    var tunnels: Set<GIFTunnel> = []
    var routes: Set<Route> = []
    var unreachable: Set<IPPrefix> = []
    var policies: Set<SecurityPolicy> = []
    var peers: Set<IKEPeer> = []
    var firewall: [FirewallRule] = []
    var translations: [NetworkTranslation] = []

    init() {}

    init(_ observed: ObservedState) {
        tunnels = Set(observed.tunnels.map(\.tunnel))
        routes = observed.routes
        unreachable = observed.unreachable
        policies = observed.policies
        peers = observed.peers
        firewall = observed.firewall
        translations = observed.translations
    }

    var operations: [Operation] {
        [.setFirewall(firewall)] + unreachable.map { .addUnreachable($0) } + [.setTranslations(translations)]
            + policies.map { .addPolicy($0) }
            + tunnels.map { .setTunnel($0) } + peers.map { .setPeer($0) } + routes.map { .addRoute($0) }
    }

    var removals: [Operation] {
        routes.map { .removeRoute($0) } + peers.map { .removePeer($0.peer) }
            + tunnels.map { .removeTunnel(interface: $0.interface) } + policies.map { .removePolicy($0) }
            + [.setTranslations([])] + unreachable.map { .removeUnreachable($0) } + [.setFirewall([])]
    }
}

func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(v4: 0) }
func prefix(_ text: String) -> IPPrefix { IPPrefix(text) ?? IPPrefix(host: IPAddress(v4: 0)) }
func site(_ text: String) -> SiteName {
    guard let name = SiteName(text) else { preconditionFailure("\(text) is no name") }
    return name
}

/// Berlin's two links: to Tokyo over IPv4 with networks of both families, to Lima over IPv6 outside and inside.
extension Sample {
    static let tokyoTunnel = GIFTunnel(
        peer: site("tokyo"), interface: "gif2",
        outer: AddressPair(local: address("192.0.2.1"), remote: address("192.0.2.2")),
        inner: AddressPair(local: address("192.168.1.1"), remote: address("192.168.2.1")), mtu: 1404, mode: .tunnel)
    static let limaTunnel = GIFTunnel(
        peer: site("lima"), interface: "gif13",
        outer: AddressPair(local: address("2001:db8::1"), remote: address("2001:db8::3")),
        inner: AddressPair(local: address("fd00:1::1"), remote: address("fd00:3::1")), mtu: 1380, mode: .transport)
    static let tokyoPeer = peer(tokyoTunnel, initiator: true)
    static let limaPeer = peer(limaTunnel, initiator: false)

    static let tokyo: Sample = {
        var sample = part(tokyoTunnel, tokyoPeer)
        sample.routes = [
            Route(destination: prefix("192.168.2.0/24"), via: address("192.168.2.1"), interface: "gif2"),
            Route(destination: prefix("10.2.3.4/32"), via: address("192.168.2.1"), interface: "gif2"),
            Route(destination: prefix("fd00:2::/64"), via: nil, interface: "gif2"),
        ]
        sample.unreachable = [prefix("192.168.2.0/24"), prefix("10.2.3.4/32"), prefix("fd00:2::/64")]
        return sample
    }()

    static let lima: Sample = {
        var sample = part(limaTunnel, limaPeer)
        sample.routes = [Route(destination: prefix("fd00:3::/64"), via: address("fd00:3::1"), interface: "gif13")]
        return sample
    }()

    static let whole: Sample = {
        var sample = tokyo
        sample.tunnels.formUnion(lima.tunnels)
        sample.routes.formUnion(lima.routes)
        sample.policies.formUnion(lima.policies)
        sample.peers.formUnion(lima.peers)
        sample.firewall += lima.firewall
        sample.translations = translations
        return sample
    }()

    /// In order, of every form that a prefix has.
    static let translations: [NetworkTranslation] = [
        ("10.0.0.0/8", "11.0.0.0/8"), ("172.16.0.7/32", "10.9.9.9/32"), ("192.168.1.0/24", "10.201.1.0/24"),
        ("192.168.7.2/31", "10.201.7.8/31"), ("fd00:1::/64", "fd00:201::/64"), ("fd00:5::7/128", "fd00:205::9/128"),
    ].compactMap { NetworkTranslation(network: prefix($0), visible: prefix($1)) }

    static let keys: [PSKReference: PreSharedKey] = [
        tokyoPeer.key: PreSharedKey(SecretBytes([UInt8](repeating: 2, count: 32))),
        limaPeer.key: PreSharedKey(SecretBytes([UInt8](repeating: 3, count: 32))),
    ]

    static func selectors(_ outer: AddressPair) -> [TrafficSelector] {
        [.ipencap, .ipv6].map {
            TrafficSelector(source: IPPrefix(host: outer.local), destination: IPPrefix(host: outer.remote), ipProtocol: $0)
        }
    }

    static func peer(_ tunnel: GIFTunnel, initiator: Bool) -> IKEPeer {
        guard let link = LinkID(site("berlin"), tunnel.peer) else { preconditionFailure("a link to itself") }
        return IKEPeer(
            peer: tunnel.peer, outer: tunnel.outer, initiator: initiator, parameters: IPsecParameters(mode: tunnel.mode),
            selectors: selectors(tunnel.outer), key: PSKReference(link: link, epoch: 1))
    }

    private static func part(_ tunnel: GIFTunnel, _ peer: IKEPeer) -> Sample {
        var sample = Sample()
        sample.tunnels = [tunnel]
        sample.peers = [peer]
        for selector in selectors(tunnel.outer) {
            sample.policies.insert(
                SecurityPolicy(peer: tunnel.peer, direction: .outbound, selector: selector, mode: tunnel.mode))
            sample.policies.insert(
                SecurityPolicy(peer: tunnel.peer, direction: .inbound, selector: selector.reversed, mode: tunnel.mode))
        }
        sample.firewall = firewall(tunnel)
        return sample
    }

    /// Every form of rule that a plan has.
    private static func firewall(_ tunnel: GIFTunnel) -> [FirewallRule] {
        var rules: [FirewallRule] = []
        for direction in [FirewallRule.Direction.inbound, .outbound] {
            rules.append(
                FirewallRule(action: .allow, direction: direction, ipProtocol: .any, interface: tunnel.interface))
        }
        func both(_ action: FirewallRule.Action, _ kind: IPProtocol, ports: [UInt16] = [], unprotected: Bool? = nil) {
            let (here, there) = (tunnel.outer.local, tunnel.outer.remote)
            for (direction, source, destination) in [
                (FirewallRule.Direction.inbound, there, here), (.outbound, here, there),
            ] {
                rules.append(
                    FirewallRule(
                        action: action, direction: direction, ipProtocol: kind, source: source, destination: destination,
                        ports: ports, unprotected: unprotected))
            }
        }
        both(.allow, .udp, ports: [500, 4500])
        both(.allow, .esp)
        both(.allow, .ipencap, unprotected: false)
        both(.drop, .ipencap, unprotected: true)
        both(.drop, .ipv6, unprotected: true)
        return rules
    }
}
