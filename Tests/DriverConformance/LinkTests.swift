import AgentCore
import DataPlane
import EmbeddedDataPlane
import Foundation
import Testing
import TunnelControl
import WarrenModel
import WarrenPlan

/// Two gateways with real daemons on one wire, each with a network behind it: IKE, ESP, TUN and routes as they run.
@Suite struct LinkTests {
    @Test(arguments: IPsecMode.allCases)
    func packetsPassBothWays(mode: IPsecMode) async throws {
        try await Link.with(mode: mode) { link in
            try await link.establish()
            try link.ping(from: link.west, to: "192.168.2.1")
            try link.ping(from: link.east, to: "192.168.1.1")
            try link.ping(from: link.west, to: "fd00:2::1", source: "fd00:1::1")
            // The whole MTU goes through in one piece: 20 bytes of IP and 8 of ICMP are the rest.
            try link.ping(from: link.west, to: "192.168.2.1", "-M", "do", "-s", "\(Link.mtu - 28)")

            let west = try await link.westDriver.observe(), east = try await link.eastDriver.observe()
            let out = try #require(west.securityAssociations.first { $0.direction == .outbound })
            let into = try #require(east.securityAssociations.first { $0.direction == .inbound })
            #expect(out.spi == into.spi)
            #expect(out.mode == mode)
            #expect(out.packets >= 3)
            #expect(into.packets >= 3)
            #expect(out.rekeyInSeconds > 0)
            #expect(west.ike.map(\.state) == [.established])
            let tunnel = try #require(west.tunnels.first)
            #expect(tunnel.isUp)
            #expect(tunnel.sentPackets >= 3)
            #expect(tunnel.receivedPackets >= 3)
        }
    }

    @Test(arguments: IPsecMode.allCases)
    func eachQueueHasAChildSA(mode: IPsecMode) async throws {
        try await Link.with(mode: mode, queues: 3) { link in
            try await link.establish()
            var ends: [ObservedState] = []
            try await link.await(within: .seconds(5)) {
                ends = [try await link.westDriver.observe(), try await link.eastDriver.observe()]
                return ends.allSatisfy { $0.securityAssociations.count == 6 }
            }
            func spis(_ end: Int, _ direction: SecurityPolicy.Direction) -> Set<SPI> {
                Set(ends[end].securityAssociations.filter { $0.direction == direction }.map(\.spi))
            }
            #expect(spis(0, .outbound) == spis(1, .inbound) && spis(1, .outbound) == spis(0, .inbound))
            // A daemon that dies takes its queues along; the next one is given others of the same device.
            kill(try link.west.daemonProcess(), SIGKILL)
            await link.westDriver.waitForFailure()
            try await link.westDriver.prepare()
            try await link.configure(link.westDriver, isWest: true)
            try await link.awaitPing(within: .seconds(10))
            try link.ping(from: link.west, to: "fd00:2::1", source: "fd00:1::1")
            let queues = try link.west.inside("ip", "-d", "link", "show", "dev", "gif2")
            #expect(["multi_queue", "noqueue", "qlen 1000"].allSatisfy(queues.contains), "\(queues)")
        }
    }

    @Test(arguments: [1, 3])
    func nothingCrossesTheWireInTheClear(queues: Int) async throws {
        try await Link.with(mode: .tunnel, queues: queues) { link in
            // Whatever is not IKE or ESP in UDP is counted where it comes in.
            for gateway in [link.west, link.east] {
                try gateway.inside(
                    "nft",
                    "add table netdev leak; add chain netdev leak in { type filter hook ingress device wan priority 0; };"
                        + "add rule netdev leak in ip protocol { 4, 6, 41 } counter;"
                        // A dead daemon's kernel says that its port is closed: that tells nothing of any network.
                        + "add rule netdev leak in icmp type != destination-unreachable counter;"
                        + "add rule netdev leak in udp dport != { 500, 4500 } counter;"
                        + "add rule netdev leak in ip6 saddr fd00::/8 counter")
            }
            func leaks(_ gateway: EmbeddedGatewayFixture) throws -> Int {
                try gateway.inside("nft", "list", "table", "netdev", "leak").split(separator: "\n")
                    .filter { $0.contains("counter") && !$0.contains("packets 0 ") }.count
            }
            #expect(throws: ProgramFailure.self) { try link.ping(from: link.west, to: "192.168.2.1") }
            try await link.establish()
            try link.ping(from: link.west, to: "192.168.2.1")
            try link.ping(from: link.west, to: "fd00:2::1", source: "fd00:1::1")
            kill(try link.west.daemonProcess(), SIGKILL)
            await link.westDriver.waitForFailure()
            #expect(throws: ProgramFailure.self) { try link.ping(from: link.west, to: "192.168.2.1") }
            #expect(throws: ProgramFailure.self) { try link.ping(from: link.east, to: "192.168.1.1") }
            #expect(try leaks(link.west) == 0)
            #expect(try leaks(link.east) == 0)
            // The counters do count: a ping between the outer addresses is in the clear.
            try link.ping(from: link.west, to: "192.0.2.2")
            #expect(try leaks(link.west) == 1)
            #expect(try leaks(link.east) == 1)
        }
    }

    @Test(arguments: [true, false])
    func theLinkReturnsAfterAKill(ofInitiator: Bool) async throws {
        try await Link.with(mode: .tunnel) { link in
            try await link.establish()
            let (victim, driver) = ofInitiator ? (link.west, link.westDriver) : (link.east, link.eastDriver)
            let start = ContinuousClock.now
            kill(try victim.daemonProcess(), SIGKILL)
            await driver.waitForFailure()
            try await driver.prepare()
            try await link.configure(driver, isWest: ofInitiator)
            try await link.awaitPing(within: .seconds(10))
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test func rekeyingLosesNothing() async throws {
        try await Link.with(mode: .tunnel) { link in
            try await link.establish()
            let before = try await link.westDriver.observe().securityAssociations.map(\.spi)
            async let pings = link.west.insideAsync("ping", "-c", "40", "-i", "0.05", "-W", "1", "-q", "192.168.2.1")
            try await link.westDriver.rekey(site("tokyo"), ike: false)
            try await link.eastDriver.rekey(site("berlin"), ike: false)
            try await link.westDriver.rekey(site("tokyo"), ike: true)
            #expect(try await pings.contains(" 0% packet loss"))
            let after = try await link.westDriver.observe().securityAssociations.map(\.spi)
            #expect(Set(before).isDisjoint(with: after) || after.count > before.count)
        }
    }

    @Test func anotherKeyIsNoLink() async throws {
        try await Link.with(mode: .tunnel) { link in
            try await link.configure(link.westDriver, isWest: true)
            try await link.configure(
                link.eastDriver, isWest: false, key: PreSharedKey(SecretBytes([UInt8](repeating: 1, count: 32))))
            var reports: [IKEReport] = []
            try await link.await(within: .seconds(10)) {
                reports = try await link.westDriver.observe().ike
                return reports.first?.lastError != nil
            }
            #expect(reports.first?.lastError?.contains("AUTHENTICATION_FAILED") == true)
            let observed = try await link.westDriver.observe()
            #expect(observed.securityAssociations.isEmpty)
            #expect(throws: ProgramFailure.self) { try link.ping(from: link.west, to: "192.168.2.1") }
        }
    }

    @Test func aShutdownTellsThePeer() async throws {
        try await Link.with(mode: .tunnel) { link in
            try await link.establish()
            try await link.westDriver.shutDownDaemon()
            // Nothing is sent any more, at once; what is still on the way is taken for the engine's five seconds of grace.
            try await link.await(within: .seconds(4)) {
                try await link.eastDriver.observe().securityAssociations.allSatisfy { $0.direction == .inbound }
            }
            try await link.await(within: .seconds(10)) {
                try await link.eastDriver.observe().securityAssociations.isEmpty
            }
        }
    }
}
