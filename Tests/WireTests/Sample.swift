import AgentCore
import Foundation
import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenWire

/// One gateway's state and report with every kind of field set.
enum Sample {
    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
    static func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }

    static func translation() throws -> NetworkTranslation {
        try #require(NetworkTranslation(network: try prefix("192.168.1.0/24"), visible: try prefix("10.9.1.0/24")))
    }

    static func tunnel() throws -> GIFTunnel {
        GIFTunnel(
            peer: try #require(SiteName("tokyo")), interface: "gif2",
            outer: AddressPair(local: try address("203.0.113.10"), remote: try address("198.51.100.20")),
            inner: AddressPair(local: try address("192.168.1.1"), remote: try address("192.168.2.1")), mtu: 1418, mode: .tunnel)
    }

    static func state() throws -> DesiredState {
        let berlin = try #require(SiteName("berlin")), tokyo = try #require(SiteName("tokyo"))
        let reference = PSKReference(link: try #require(LinkID(berlin, tokyo)), epoch: 3)
        let tunnel = try tunnel()
        let selector = TrafficSelector(
            source: IPPrefix(host: tunnel.outer.local), destination: IPPrefix(host: tunnel.outer.remote), ipProtocol: .ipencap)
        let parameters = IPsecParameters(
            mode: .transport,
            child: ChildSAParameters(
                proposals: [try #require(ESPProposal("aes128gcm16-x25519"))], lifetimeSeconds: 60, lifetimeBytes: 1 << 40))
        let plan = GatewayPlan(
            site: berlin, platform: .embedded, index: 1, outerAddresses: [tunnel.outer.local, try address("2001:db8::1")],
            innerAddress: tunnel.inner.local, networks: [try prefix("192.168.1.0/24"), try prefix("fd00:1::/64")],
            tunnels: [tunnel],
            routes: [
                Route(destination: try prefix("192.168.2.0/24"), via: tunnel.inner.remote, interface: "gif2"),
                Route(destination: try prefix("fd00:2::/64"), via: nil, interface: "gif2"),
            ], unreachable: [try prefix("192.168.2.0/24"), try prefix("0.0.0.0/0")],
            policies: [
                SecurityPolicy(peer: tokyo, direction: .outbound, selector: selector, mode: .tunnel),
                SecurityPolicy(peer: tokyo, direction: .inbound, selector: selector.reversed, mode: .transport),
            ], keys: [.init(peer: tokyo, reference: reference)],
            firewall: [
                FirewallRule(
                    action: .drop, direction: .inbound, ipProtocol: .ipencap, source: tunnel.outer.remote, unprotected: true),
                FirewallRule(action: .drop, direction: .outbound, ipProtocol: .ipv6, unprotected: false),
                FirewallRule(
                    action: .allow, direction: .outbound, ipProtocol: .udp, destination: tunnel.outer.remote,
                    ports: [500, 4500]),
                FirewallRule(action: .allow, direction: .inbound, ipProtocol: .any, interface: "gif2"),
            ],
            ike: [
                IKEPeer(
                    peer: tokyo, outer: tunnel.outer, initiator: true, parameters: parameters, selectors: [selector],
                    key: reference)
            ])
        let key = PreSharedKey(SecretBytes(Array(repeating: UInt8(42), count: 32)))
        return DesiredState(
            mesh: "acme", version: StateVersion(generation: Generation(rawValue: 7), revision: 3), plan: plan,
            keys: [reference: key])
    }

    static func report() throws -> AgentReport {
        let tunnel = try tunnel()
        return AgentReport(
            site: try #require(SiteName("berlin")), agentVersion: "1.2.3",
            version: StateVersion(generation: Generation(rawValue: 7)),
            tunnels: [
                TunnelReport(tunnel: tunnel, isUp: true, receivedPackets: 1, receivedBytes: 2, sentPackets: 3, sentBytes: 4)
            ],
            routes: [Route(destination: try prefix("192.168.2.0/24"), via: tunnel.inner.remote, interface: "gif2")],
            securityAssociations: [
                SAReport(
                    peer: tunnel.peer, direction: .outbound, spi: SPI(rawValue: .max), encryption: .aes256gcm16,
                    extendedSequenceNumbers: true, mode: .transport, outer: tunnel.outer, ageSeconds: 5, packets: 6,
                    bytes: .max,
                    rekeyInSeconds: 7)
            ],
            ike: [
                IKEReport(
                    peer: tunnel.peer, state: .established, ageSeconds: 9,
                    proposal: IKEProposal("aes256gcm16-prfsha384-x25519"), lastError: "TS_UNACCEPTABLE: no")
            ],
            probes: [
                ProbeReport(peer: tunnel.peer, lastAnswerSecondsAgo: 0.5, roundTripMilliseconds: 12.25, sent: 10, answered: 9)
            ], drift: ["route 192.168.2.0/24 is missing"], failure: "no such device")
    }

    typealias Fault = (field: String, breakIt: @Sendable (inout Warren_Agent_V1_DesiredState) -> Void)

    static let faults: [Fault] = [
        ("protocol_version", { $0.protocolVersion = 2 }),
        ("mesh", { $0.mesh = "" }),
        ("mesh", { $0.mesh = "a b" }),
        ("plan", { $0.clearPlan() }),
        ("plan.site", { $0.plan.site = "../etc" }),
        ("platform", { $0.plan.platform = .unspecified }),
        ("platform", { $0.plan.platform = .UNRECOGNIZED(77) }),
        ("plan.index", { $0.plan.index = 0 }),
        ("plan.index", { $0.plan.index = .max }),
        ("plan.outer_addresses", { $0.plan.outerAddresses[0] = Data([1, 2, 3]) }),
        ("plan.inner_address", { $0.plan.innerAddress = Data() }),
        ("plan.networks", { $0.plan.networks[0].length = 33 }),
        ("plan.networks", { $0.plan.networks[0].length = .max }),
        ("plan.networks", { $0.plan.networks[0].length = 16 }),
        ("tunnel.mtu", { $0.plan.tunnels[0].mtu = 0 }),
        ("tunnel.mtu", { $0.plan.tunnels[0].mtu = 70000 }),
        ("tunnel.interface", { $0.plan.tunnels[0].interface = "gif2; reboot" }),
        ("tunnel.interface", { $0.plan.tunnels[0].interface = String(repeating: "g", count: 16) }),
        ("tunnel.outer", { $0.plan.tunnels[0].outer.remote = Data(repeating: 1, count: 16) }),
        ("tunnel.outer", { $0.plan.tunnels[0].clearOuter() }),
        ("mode", { $0.plan.tunnels[0].mode = .unspecified }),
        ("plan.tunnels", { $0.plan.tunnels.append($0.plan.tunnels[0]) }),
        ("plan.tunnels", { $0.plan.tunnels[0].peer = "berlin" }),
        ("route.destination", { $0.plan.routes[0].clearDestination() }),
        ("route.via", { $0.plan.routes[0].via = Data([1]) }),
        ("direction", { $0.plan.policies[0].direction = .unspecified }),
        ("level", { $0.plan.policies[0].level = .unspecified }),
        ("policy.selector.ip_protocol", { $0.plan.policies[0].selector.ipProtocol = 256 }),
        ("policy.selector", { $0.plan.policies[0].selector.destination = .with { $0.address = Data(count: 16) } }),
        ("firewall.ports", { $0.plan.firewall[2].ports = [65536] }),
        ("action", { $0.plan.firewall[0].action = .unspecified }),
        ("protection", { $0.plan.firewall[0].protection = .UNRECOGNIZED(3) }),
        ("proposals", { $0.plan.ike[0].parameters.ikeProposals = [] }),
        ("child_proposals", { $0.plan.ike[0].parameters.childProposals = ["des"] }),
        ("lifetimes", { $0.plan.ike[0].parameters.livenessSeconds = 0 }),
        (
            "ike.key",
            {
                $0.plan.ike[0].key.first = "tokyo"; $0.plan.ike[0].key.second = "berlin"
            }
        ),
        ("plan.ike.key", { $0.plan.ike[0].key.second = "vienna" }),
        ("plan.ike", { $0.plan.ike.append($0.plan.ike[0]) }),
        ("plan.keys", { $0.plan.keys[0].peer = "oslo" }),
        ("keys", { $0.keys = [] }),
        ("keys", { $0.keys.append($0.keys[0]) }),
        ("keys", { $0.keys[0].secret = Data() }),
        (
            "keys",
            {
                $0.keys[0].reference.first = "alma"; $0.keys[0].reference.second = "oslo"
            }
        ),
        ("keys.reference", { $0.keys[0].clearReference() }),
    ]

    /// The same peer, by ESP without UDP.
    static func withoutUDP(_ peer: IKEPeer) -> IKEPeer { changed(peer) { $0.encapsulation = .esp } }

    /// The same peer, whose child SAs are replaced after so many packets.
    static func limited(_ peer: IKEPeer) -> IKEPeer { changed(peer) { $0.child.lifetimePackets = 1 << 40 } }

    private static func changed(_ peer: IKEPeer, _ change: (inout IPsecParameters) -> Void) -> IKEPeer {
        var parameters = peer.parameters
        change(&parameters)
        return IKEPeer(
            peer: peer.peer, outer: peer.outer, initiator: peer.initiator, parameters: parameters, selectors: peer.selectors,
            key: peer.key)
    }
}
