import AgentCore
import EmbeddedDataPlane
import Foundation
import Testing
import WarrenModel
import WarrenPlan

/// One of several sites that all number their hosts from 192.168.1.0/24 and fd00:1::/64, and that call them 10.20N.1.0/24 and
/// fd00:20N::/64 before each other; 172.20.N.0/24 is their own alone. A gateway with a real daemon, and a host behind it.
struct TranslatedSite: Sendable {
    let number: Int
    let gateway: EmbeddedGatewayFixture
    let driver: EmbeddedDataPlaneDriver

    var name: SiteName { site("site\(number)") }
    var hostNamespace: String { gateway.namespace + "-h" }
    var outer: IPAddress { address("192.0.2.\(number)") }
    var visibleInner: IPAddress { address("10.20\(number).1.1") }
    var visibleHost: String { "10.20\(number).1.10" }
    var visibleHost6: String { "fd00:20\(number)::10" }
    var ownHost: String { "172.20.\(number).10" }
    var translations: [NetworkTranslation] {
        [("192.168.1.0/24", "10.20\(number).1.0/24"), ("fd00:1::/64", "fd00:20\(number)::/64")].compactMap {
            NetworkTranslation(network: prefix($0), visible: prefix($1))
        }
    }
    /// As the others see them.
    var networks: [IPPrefix] { translations.map(\.visible) + [prefix("172.20.\(number).0/24")] }

    /// `count` sites on one wire, each with its host, none configured yet.
    static func with(_ count: Int, _ body: ([TranslatedSite]) async throws -> Void) async throws {
        try await withGateways(count) { gateways in
            let wire = gateways[0].namespace + "-w"
            defer { for name in [wire] + gateways.map({ $0.namespace + "-h" }) { _ = try? run("ip", "netns", "del", name) } }
            try run("ip", "netns", "add", wire)
            try run("ip", "-n", wire, "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
            try run("ip", "-n", wire, "link", "set", "br0", "up")
            var sites: [TranslatedSite] = []
            for (index, gateway) in gateways.enumerated() {
                let site = TranslatedSite(number: index + 1, gateway: gateway, driver: gateway.driver())
                try site.raise(wire: wire)
                try await site.driver.prepare()
                sites.append(site)
            }
            try await body(sites)
        }
    }

    private static func withGateways(
        _ count: Int, _ made: [EmbeddedGatewayFixture] = [], _ body: ([EmbeddedGatewayFixture]) async throws -> Void
    ) async throws {
        guard made.count < count else { return try await body(made) }
        try await EmbeddedGatewayFixture.with { try await withGateways(count, made + [$0], body) }
    }

    private func raise(wire: String) throws {
        try run("ip", "netns", "add", hostNamespace)
        // No address waits for a proof that nobody else has it.
        for namespace in [gateway.namespace, hostNamespace] {
            try run(
                "ip", "netns", "exec", namespace, "sysctl", "-q", "net.ipv6.conf.all.accept_dad=0",
                "net.ipv6.conf.default.accept_dad=0")
        }
        try run(
            "ip", "link", "add", "wan", "netns", gateway.namespace, "type", "veth", "peer", "name", "p\(number)", "netns", wire)
        try run("ip", "-n", wire, "link", "set", "p\(number)", "master", "br0", "up")
        try run(
            "ip", "link", "add", "lan", "netns", gateway.namespace, "type", "veth", "peer", "name", "lan", "netns",
            hostNamespace)
        try gateway.inside("sysctl", "-q", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        let networks = [("192.168.1", "24"), ("172.20.\(number)", "24")]
        for (namespace, last) in [(gateway.namespace, "1"), (hostNamespace, "10")] {
            for (network, length) in networks {
                try run("ip", "-n", namespace, "address", "add", "\(network).\(last)/\(length)", "dev", "lan")
            }
            try run("ip", "-n", namespace, "address", "add", "fd00:1::\(last)/64", "dev", "lan", "nodad")
            try run("ip", "-n", namespace, "link", "set", "lan", "up")
            try run("ip", "-n", namespace, "link", "set", "lo", "up")
        }
        for hop in ["192.168.1.1", "fd00:1::1"] { try run("ip", "-n", hostNamespace, "route", "add", "default", "via", hop) }
        try gateway.inside("ip", "address", "add", "\(outer)/24", "dev", "wan")
        try gateway.inside("ip", "link", "set", "wan", "up")
    }

    /// The gateway's plan: a link to each of `peers`, each of which leads to the networks of some sites.
    func plan(_ peers: [(peer: TranslatedSite, leadsTo: [TranslatedSite])]) throws -> GatewayPlan {
        var plan = GatewayPlan(
            site: name, platform: .embedded, index: number, outerAddresses: [outer], innerAddress: address("192.168.1.1"),
            networks: [prefix("192.168.1.0/24"), prefix("fd00:1::/64"), prefix("172.20.\(number).0/24")],
            translations: translations)
        for (peer, sites) in peers {
            let tunnel = GIFTunnel(
                peer: peer.name, interface: "gif\(peer.number)", outer: AddressPair(local: outer, remote: peer.outer),
                inner: AddressPair(local: visibleInner, remote: peer.visibleInner), mtu: Link.mtu, mode: .tunnel)
            let selectors = Sample.selectors(tunnel.outer)
            plan.tunnels.append(tunnel)
            for selector in selectors {
                plan.policies.append(
                    SecurityPolicy(peer: peer.name, direction: .outbound, selector: selector, mode: .tunnel))
                plan.policies.append(
                    SecurityPolicy(peer: peer.name, direction: .inbound, selector: selector.reversed, mode: .tunnel))
            }
            plan.ike.append(
                IKEPeer(
                    peer: peer.name, outer: tunnel.outer, initiator: number < peer.number, parameters: IPsecParameters(),
                    selectors: selectors,
                    key: PSKReference(link: try #require(LinkID(name, peer.name)), epoch: 1)))
            for network in sites.flatMap(\.networks) {
                let via = network.family == .ipv4 ? peer.visibleInner : nil
                plan.routes.append(Route(destination: network, via: via, interface: tunnel.interface))
                plan.unreachable.append(network)
            }
        }
        return plan
    }

    /// Leads the gateway from what it has to the plan, as an agent does.
    func adopt(_ plan: GatewayPlan) async throws {
        let desired = DesiredState(
            mesh: "m", version: StateVersion(generation: Generation(rawValue: 1)), plan: plan,
            keys: Dictionary(plan.ike.map { ($0.key, Link.key) }) { first, _ in first })
        #expect(desired.faults(for: name) == [])
        for operation in reconcile(desired: desired, observed: try await driver.observe()) {
            try await driver.perform(operation, keys: desired.keys)
        }
        #expect(drift(desired: desired, observed: try await driver.observe()) == [])
    }

    @discardableResult
    func onHost(_ arguments: String...) throws -> String {
        try run(["ip", "netns", "exec", hostNamespace] + arguments)
    }

    func ping(_ target: String, from source: String? = nil) throws {
        let arguments = ["ping", "-n", "-c", "1", "-W", "1"] + (source.map { ["-I", $0] } ?? []) + [target]
        try run(["ip", "netns", "exec", hostNamespace] + arguments)
    }

    /// Pings until an answer comes: each try waits for its answer.
    func awaitPing(_ target: String) async throws {
        let deadline = ContinuousClock.now + .seconds(15)
        while (try? ping(target)) == nil {
            guard ContinuousClock.now < deadline else { throw ProgramFailure(description: "\(name) does not reach \(target)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
