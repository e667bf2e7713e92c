import AgentCore
import EmbeddedDataPlane
import Foundation
import Testing
import WarrenModel
import WarrenPlan

/// Berlin in the west, which starts, and Tokyo in the east; each gateway's own network is on its loopback device.
struct Link {
    static let mtu = 1404
    static let key = PreSharedKey(SecretBytes((0..<32).map { UInt8($0) }))

    let west: EmbeddedGatewayFixture
    let east: EmbeddedGatewayFixture
    let westDriver: EmbeddedDataPlaneDriver
    let eastDriver: EmbeddedDataPlaneDriver
    let mode: IPsecMode

    static func with(mode: IPsecMode, queues: Int = 1, _ body: (Link) async throws -> Void) async throws {
        try await EmbeddedGatewayFixture.with(queues: queues) { west in
            try await EmbeddedGatewayFixture.with(queues: queues) { east in
                try run(
                    "ip", "link", "add", "wan", "netns", west.namespace, "type", "veth", "peer", "name", "wan", "netns",
                    east.namespace)
                for (gateway, number) in [(west, 1), (east, 2)] {
                    try gateway.inside("ip", "address", "add", "192.0.2.\(number)/24", "dev", "wan")
                    try gateway.inside("ip", "address", "add", "192.168.\(number).1/24", "dev", "lo")
                    try gateway.inside("ip", "address", "add", "fd00:\(number)::1/64", "dev", "lo", "nodad")
                    try gateway.inside("ip", "link", "set", "wan", "up")
                }
                let link = Link(west: west, east: east, westDriver: west.driver(), eastDriver: east.driver(), mode: mode)
                try await link.westDriver.prepare()
                try await link.eastDriver.prepare()
                try await body(link)
            }
        }
    }

    /// What the gateway of one end is set to, as a plan has it.
    func configure(_ driver: EmbeddedDataPlaneDriver, isWest: Bool, key: PreSharedKey = Link.key) async throws {
        let (mine, other) = isWest ? (1, 2) : (2, 1)
        let peer = site(isWest ? "tokyo" : "berlin")
        let tunnel = GIFTunnel(
            peer: peer, interface: "gif\(other)",
            outer: AddressPair(local: address("192.0.2.\(mine)"), remote: address("192.0.2.\(other)")),
            inner: AddressPair(local: address("192.168.\(mine).1"), remote: address("192.168.\(other).1")), mtu: Self.mtu,
            mode: mode)
        let linkID = try #require(LinkID(site("berlin"), site("tokyo")))
        let reference = PSKReference(link: linkID, epoch: 1)
        let selectors = Sample.selectors(tunnel.outer)
        let policies = selectors.flatMap { selector in
            [
                SecurityPolicy(peer: peer, direction: .outbound, selector: selector, mode: mode),
                SecurityPolicy(peer: peer, direction: .inbound, selector: selector.reversed, mode: mode),
            ]
        }
        let ike = IKEPeer(
            peer: peer, outer: tunnel.outer, initiator: isWest, parameters: IPsecParameters(mode: mode), selectors: selectors,
            key: reference)
        let networks = [prefix("192.168.\(other).0/24"), prefix("fd00:\(other)::/64")]
        let operations: [AgentCore.Operation] =
            networks.map { .addUnreachable($0) } + policies.map { .addPolicy($0) } + [.setTunnel(tunnel), .setPeer(ike)]
            + networks.map {
                .addRoute(
                    Route(destination: $0, via: $0.family == .ipv4 ? tunnel.inner.remote : nil, interface: tunnel.interface))
            }
        for operation in operations { try await driver.perform(operation, keys: [reference: key]) }
    }

    /// Both ends configured, and the first answer heard.
    func establish() async throws {
        try await configure(eastDriver, isWest: false)
        try await configure(westDriver, isWest: true)
        try await awaitPing(within: .seconds(10))
    }

    func ping(from gateway: EmbeddedGatewayFixture, to target: String, source: String? = nil, _ options: String...) throws {
        let arguments = ["ping", "-n", "-c", "1", "-W", "1"] + (source.map { ["-I", $0] } ?? []) + options + [target]
        try run(["ip", "netns", "exec", gateway.namespace] + arguments)
    }

    /// Pings both ways until answers come: each try waits for its answer, not for a fixed time.
    func awaitPing(within limit: Duration) async throws {
        try await self.await(within: limit) {
            (try? ping(from: west, to: "192.168.2.1")) != nil && (try? ping(from: east, to: "192.168.1.1")) != nil
        }
    }

    func await(within limit: Duration, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw ProgramFailure(description: "not within \(limit)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension EmbeddedGatewayFixture {
    /// Runs a program inside the namespace, off the calling task's thread.
    func insideAsync(_ arguments: String...) async throws -> String {
        let command = ["ip", "netns", "exec", namespace] + arguments
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try run(command) }) }
        }
    }
}
