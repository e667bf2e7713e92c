import WarrenModel
import WarrenPlan

/// The plan of the gateway on side a of the lab's link (see `Tests/Lab/uml/topology.sh`).
enum LinkPlan {
    struct Invalid: Error { let text: String }

    static func ofSideA(
        mode: IPsecMode, initiator: Bool, ike: String = "aes256gcm16-prfsha384-x25519", child: String = "aes256gcm16",
        livenessSeconds: UInt32 = 10, encapsulation: ESPEncapsulation = .auto
    ) throws -> GatewayPlan {
        let parameters = IPsecParameters(
            mode: mode, encapsulation: encapsulation,
            ike: IKEParameters(proposals: [try parsed(IKEProposal(ike), ike)], livenessSeconds: livenessSeconds),
            child: ChildSAParameters(proposals: [try parsed(ESPProposal(child), child)]))
        let peer = try site("bravo")
        // Who initiates is a matter of the names' order.
        let own = try site(initiator ? "alpha" : "zulu")
        guard let link = LinkID(own, peer) else { throw Invalid(text: "link") }
        let outer = AddressPair(local: try address("203.0.113.10"), remote: try address("203.0.113.20"))
        let inner = AddressPair(local: try address("10.1.0.1"), remote: try address("10.2.0.1"))
        let reference = PSKReference(link: link, epoch: 1)
        let outbound = [IPProtocol.ipencap, .ipv6].map {
            TrafficSelector(source: IPPrefix(host: outer.local), destination: IPPrefix(host: outer.remote), ipProtocol: $0)
        }
        let remote = try [prefix("10.2.0.0/24"), prefix("fd00:2::/64")]
        let interface = "gif2"
        return GatewayPlan(
            site: own, platform: .embedded, index: 1, outerAddresses: [outer.local], innerAddress: inner.local,
            networks: try [prefix("10.1.0.0/24"), prefix("fd00:1::/64")],
            tunnels: [GIFTunnel(peer: peer, interface: interface, outer: outer, inner: inner, mtu: 1400, mode: mode)],
            routes: [
                Route(destination: remote[0], via: inner.remote, interface: interface),
                Route(destination: remote[1], via: nil, interface: interface),
            ],
            unreachable: remote,
            policies: outbound.flatMap {
                [
                    SecurityPolicy(peer: peer, direction: .outbound, selector: $0, mode: mode),
                    SecurityPolicy(peer: peer, direction: .inbound, selector: $0.reversed, mode: mode),
                ]
            },
            keys: [.init(peer: peer, reference: reference)],
            ike: [
                IKEPeer(
                    peer: peer, outer: outer, initiator: initiator, parameters: parameters, selectors: outbound, key: reference)
            ])
    }

    private static func site(_ text: String) throws -> SiteName { try parsed(SiteName(text), text) }
    private static func address(_ text: String) throws -> IPAddress { try parsed(IPAddress(text), text) }
    private static func prefix(_ text: String) throws -> IPPrefix { try parsed(IPPrefix(text), text) }
    private static func parsed<Value>(_ value: Value?, _ text: String) throws -> Value {
        guard let value else { throw Invalid(text: text) }
        return value
    }
}
