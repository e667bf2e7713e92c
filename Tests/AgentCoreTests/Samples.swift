import AgentCore
import SeededRandom
import WarrenModel
import WarrenPlan

/// Names, addresses and whole plans that are valid, small enough that two of them often touch the same things.
enum Sample {
    static let site = SiteName("berlin")!
    static let outer = IPAddress("203.0.113.10")!
    static let inner = IPAddress("192.168.1.1")!

    static func peer(_ number: Int) -> SiteName { SiteName("site\(number)")! }
    static func outer(_ number: Int) -> IPAddress { IPAddress("198.51.100.\(number)")! }
    static func network(_ number: Int) -> IPPrefix { IPPrefix("10.0.\(number).0/24")! }

    static func tunnel(to number: Int, interface: Int, mtu: Int = 1400, mode: IPsecMode = .tunnel) -> GIFTunnel {
        GIFTunnel(
            peer: peer(number), interface: "gif\(interface)", outer: .init(local: outer, remote: outer(number)),
            inner: .init(local: inner, remote: IPAddress("10.0.\(number).1")!), mtu: mtu, mode: mode)
    }

    static func policies(to number: Int, mode: IPsecMode = .tunnel) -> [SecurityPolicy] {
        let selector = TrafficSelector(
            source: IPPrefix(host: outer), destination: IPPrefix(host: outer(number)), ipProtocol: .ipencap)
        return [
            SecurityPolicy(peer: peer(number), direction: .outbound, selector: selector, mode: mode),
            SecurityPolicy(peer: peer(number), direction: .inbound, selector: selector.reversed, mode: mode),
        ]
    }

    static func ike(to number: Int, epoch: UInt32 = 1, mode: IPsecMode = .tunnel) -> IKEPeer {
        IKEPeer(
            peer: peer(number), outer: .init(local: outer, remote: outer(number)), initiator: true,
            parameters: .init(mode: mode), selectors: [policies(to: number)[0].selector],
            key: PSKReference(link: LinkID(site, peer(number))!, epoch: epoch))
    }

    static func firewall(to number: Int) -> [FirewallRule] {
        [
            FirewallRule(
                action: .drop, direction: .inbound, ipProtocol: .ipencap, source: outer(number), destination: outer,
                unprotected: true),
            FirewallRule(
                action: .allow, direction: .inbound, ipProtocol: .udp, source: outer(number), destination: outer,
                ports: [500, 4500]),
        ]
    }

    static func desired(_ plan: GatewayPlan, generation: UInt64 = 1, keyByte: UInt8 = 7) -> DesiredState {
        let keys = plan.ike.map { ($0.key, PreSharedKey(SecretBytes(Array(repeating: keyByte, count: 32)))) }
        return DesiredState(
            mesh: "acme", version: StateVersion(generation: Generation(rawValue: generation)), plan: plan,
            keys: Dictionary(keys) { first, _ in first })
    }

    /// A valid plan with some of six peers, each under some interface name.
    static func plan(using random: inout SeededNumbers) -> GatewayPlan {
        var plan = GatewayPlan(
            site: site, platform: .embedded, index: 1, outerAddresses: [outer], innerAddress: inner,
            networks: [IPPrefix("192.168.1.0/24")!])
        let interfaces = (1...6).shuffled(using: &random)
        for (network, visible) in [("10.9.1.0/24", 1), ("10.9.2.0/24", 2)] where Bool.random(using: &random) {
            let visible = IPPrefix("10.20\(Bool.random(using: &random) ? visible : 3).1.0/24")!
            guard let network = IPPrefix(network), !plan.translations.contains(where: { $0.visible == visible }) else {
                continue
            }
            plan.networks.append(network)
            plan.translations.append(NetworkTranslation(network: network, visible: visible)!)
        }
        for number in 1...6 where Bool.random(using: &random) {
            let mode: IPsecMode = Bool.random(using: &random) ? .tunnel : .transport
            let interface = Bool.random(using: &random) ? interfaces[number - 1] : interfaces[number - 1] + 6
            let tunnel = tunnel(to: number, interface: interface, mtu: Bool.random(using: &random) ? 1400 : 1380, mode: mode)
            plan.tunnels.append(tunnel)
            plan.policies += policies(to: number, mode: mode)
            plan.ike.append(ike(to: number, epoch: UInt32.random(in: 1...2, using: &random), mode: mode))
            plan.firewall += firewall(to: number)
            plan.unreachable.append(network(number))
            let via: IPAddress? = Bool.random(using: &random) ? tunnel.inner.remote : nil
            plan.routes.append(Route(destination: network(number), via: via, interface: tunnel.interface))
        }
        return plan
    }
}
