import AgentCore
import WarrenModel
import WarrenPlan

/// A desired state of berlin's gateway with one link, as a controller would send it.
enum Desired {
    static let outer = AddressPair(local: IPAddress("203.0.113.10")!, remote: IPAddress("198.51.100.20")!)
    static let inner = AddressPair(local: IPAddress("192.168.1.1")!, remote: IPAddress("192.168.2.1")!)

    /// With `interface`, the tunnel has another name than usual, so that all that is there must go.
    static func toTokyo(
        generation: UInt64, revision: UInt64 = 0, mtu: Int = 1400, interface: String = "gif2"
    ) -> DesiredState {
        let peer = SiteName("tokyo")!, site = SiteName("berlin")!, network = IPPrefix("192.168.2.0/24")!
        let selector = TrafficSelector(
            source: IPPrefix(host: outer.local), destination: IPPrefix(host: outer.remote), ipProtocol: .ipencap)
        let reference = PSKReference(link: LinkID(site, peer)!, epoch: 1)
        let plan = GatewayPlan(
            site: site, platform: .embedded, index: 1, outerAddresses: [outer.local], innerAddress: inner.local,
            networks: [IPPrefix("192.168.1.0/24")!],
            tunnels: [GIFTunnel(peer: peer, interface: interface, outer: outer, inner: inner, mtu: mtu, mode: .tunnel)],
            routes: [Route(destination: network, via: inner.remote, interface: interface)], unreachable: [network],
            policies: [
                SecurityPolicy(peer: peer, direction: .outbound, selector: selector, mode: .tunnel),
                SecurityPolicy(peer: peer, direction: .inbound, selector: selector.reversed, mode: .tunnel),
            ],
            keys: [.init(peer: peer, reference: reference)],
            ike: [
                IKEPeer(
                    peer: peer, outer: outer, initiator: true, parameters: .init(), selectors: [selector], key: reference)
            ])
        return DesiredState(
            mesh: "acme", version: StateVersion(generation: Generation(rawValue: generation), revision: revision), plan: plan,
            keys: [reference: PreSharedKey(SecretBytes(Array(repeating: 7, count: 32)))])
    }
}
