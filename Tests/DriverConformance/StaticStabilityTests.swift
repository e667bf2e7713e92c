import AgentCore
import AgentRuntime
import EmbeddedDataPlane
import Foundation
import Logging
import Testing
import WarrenModel
import WarrenPlan

/// Two gateways as they run, each with its agent, and no controller at all after they have got their state.
@Suite struct StaticStabilityTests {
    /// Child SAs of a second each: what an hour does to real ones, many times over. No packet is lost while their agents have
    /// nobody to ask; then one gateway restarts, and is up again from its last good state.
    @Test func gatewaysNeedNoControllerAndBootWithoutOne() async throws {
        try await Link.with(mode: .tunnel) { link in
            let folders = try [link.west, link.east].map {
                try StateDirectory(path: $0.folder.appending(path: "agent").path)
            }
            let states = [Self.state(isWest: true), Self.state(isWest: false)]
            let east = Self.agent(states[1], link.eastDriver, folders[1])
            let west = Self.agent(states[0], link.westDriver, folders[0])
            let running = [west, east].map { agent in Task { await agent.run() } }
            west.receive(states[0])
            east.receive(states[1])
            try await link.awaitPing(within: .seconds(15))
            try await link.await(within: .seconds(5)) {
                folders.allSatisfy { FileManager.default.fileExists(atPath: $0.file("desired.bin")) }
            }

            // Each end of the stream looks at which SA it sends on.
            var associations: Set<SPI> = []
            let stream = Task {
                try await link.west.insideAsync("ping", "-n", "-q", "-i", "0.02", "-c", "1000", "-W", "1", "192.168.2.1")
            }
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                let seen = try await link.westDriver.observe().securityAssociations
                associations.formUnion(seen.filter { $0.direction == .outbound }.map(\.spi))
                try await Task.sleep(for: .milliseconds(200))
            }
            let told = try await stream.value
            #expect(told.contains("1000 packets transmitted, 1000 received"), "\(told)")
            #expect(associations.count >= 10, "\(associations.count) SAs in 20 s")

            // The west restarts: its agent and daemon end, and the kernel has forgotten its devices, routes and rules.
            running[0].cancel()
            await running[0].value
            kill(try link.west.daemonProcess(), SIGKILL)
            await link.westDriver.waitForFailure()
            try link.west.inside("ip", "link", "delete", "gif2")
            try link.west.inside("ip", "route", "flush", "proto", "186")
            try link.west.inside("nft", "flush", "ruleset")
            #expect(throws: ProgramFailure.self) { try link.ping(from: link.west, to: "192.168.2.1") }

            let rebooted = Self.agent(states[0], link.west.driver(), folders[0])
            let second = Task { await rebooted.run() }
            try await link.awaitPing(within: .seconds(20))
            second.cancel()
            running[1].cancel()
            _ = await (second.value, running[1].value)
        }
    }

    private static func agent(_ state: DesiredState, _ driver: EmbeddedDataPlaneDriver, _ directory: StateDirectory) -> Agent {
        Agent(
            site: state.plan.site, driver: driver, directory: directory,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// What a controller would have sent.
    private static func state(isWest: Bool) -> DesiredState {
        let (mine, other) = isWest ? (1, 2) : (2, 1)
        let here = site(isWest ? "berlin" : "tokyo"), peer = site(isWest ? "tokyo" : "berlin")
        let tunnel = GIFTunnel(
            peer: peer, interface: "gif\(other)",
            outer: AddressPair(local: address("192.0.2.\(mine)"), remote: address("192.0.2.\(other)")),
            inner: AddressPair(local: address("192.168.\(mine).1"), remote: address("192.168.\(other).1")), mtu: Link.mtu,
            mode: .tunnel)
        let selectors = Sample.selectors(tunnel.outer)
        let reference = PSKReference(link: LinkID(here, peer)!, epoch: 1)
        let network = prefix("192.168.\(other).0/24")
        let plan = GatewayPlan(
            site: here, platform: .embedded, index: mine, outerAddresses: [tunnel.outer.local],
            innerAddress: tunnel.inner.local,
            networks: [prefix("192.168.\(mine).0/24")], tunnels: [tunnel],
            routes: [Route(destination: network, via: tunnel.inner.remote, interface: tunnel.interface)],
            unreachable: [network],
            policies: selectors.flatMap { selector in
                [
                    SecurityPolicy(peer: peer, direction: .outbound, selector: selector, mode: .tunnel),
                    SecurityPolicy(peer: peer, direction: .inbound, selector: selector.reversed, mode: .tunnel),
                ]
            }, keys: [.init(peer: peer, reference: reference)],
            ike: [
                IKEPeer(
                    peer: peer, outer: tunnel.outer, initiator: isWest,
                    parameters: IPsecParameters(
                        ike: IKEParameters(lifetimeSeconds: 10), child: ChildSAParameters(lifetimeSeconds: 1)),
                    selectors: selectors,
                    key: reference)
            ])
        return DesiredState(
            mesh: "acme", version: StateVersion(generation: Generation(rawValue: 1)), plan: plan, keys: [reference: Link.key])
    }
}
