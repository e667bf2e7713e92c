import AgentCore
import DataPlane
import EmbeddedDataPlane
import Foundation
import Testing
import TunnelControl
import WarrenModel

/// What only the embedded driver can show: other owners' things, the daemon's death, a new agent, tampering.
@Suite struct EmbeddedDriverTests {
    @Test func nothingOfOtherOwnersIsTouched() async throws {
        try await EmbeddedGatewayFixture.with { gateway in
            try gateway.inside("ip", "link", "add", "gif2", "type", "veth", "peer", "name", "lan0")
            try gateway.inside("ip", "link", "set", "gif2", "up")
            try gateway.inside("ip", "address", "add", "192.168.1.1/24", "dev", "lan0")
            try gateway.inside("ip", "link", "set", "lan0", "up")
            try gateway.inside("ip", "route", "add", "192.168.2.0/24", "dev", "lan0", "proto", "static", "metric", "50")
            try gateway.inside("nft", "add table inet other; add chain inet other c; add rule inet other c counter drop")
            let before = try foreign(gateway)
            let driver = gateway.driver()
            try await driver.prepare()

            let error = await #expect(throws: DataPlaneError.self) {
                try await driver.perform(.setTunnel(Sample.tokyoTunnel), keys: [:])
            }
            #expect(error?.code == .refused)
            try await driver.perform(.removeTunnel(interface: "gif2"), keys: [:])
            try await driver.performAll(Sample.lima.operations)
            let route = Route(destination: prefix("192.168.2.0/24"), via: nil, interface: "lan0")
            try await driver.performAll([.addUnreachable(prefix("192.168.2.0/24")), .removeRoute(route)])
            #expect(Sample(try await driver.observe()).tunnels == Sample.lima.tunnels)
            try await driver.performAll(Sample.lima.removals)
            try await driver.perform(.removeUnreachable(prefix("192.168.2.0/24")), keys: [:])
            #expect(try foreign(gateway) == before)
            #expect(try gateway.inside("nft", "list", "tables") == "table inet other\n")
        }
    }

    private func foreign(_ gateway: EmbeddedGatewayFixture) throws -> [String] {
        try interfaceIndexes(gateway) + [
            gateway.inside("ip", "-4", "-o", "address", "show", "dev", "lan0"), gateway.inside("ip", "-4", "route", "show"),
            gateway.inside("nft", "list", "table", "inet", "other"),
        ]
    }

    @Test func aKilledDaemonIsNoticedAndReplaced() async throws {
        try await EmbeddedGatewayFixture.with { gateway in
            let driver = gateway.driver()
            try await driver.prepare()
            try await driver.performAll(Sample.whole.operations)
            let devices = try interfaceIndexes(gateway)
            let first = try gateway.daemonProcess()

            kill(first, SIGKILL)
            await driver.waitForFailure()
            // The device and its routes stay, so that nothing takes another way meanwhile.
            #expect(try interfaceIndexes(gateway) == devices)
            #expect(
                try gateway.inside("ip", "route", "show", "proto", "186").contains("192.168.2.0/24 via 192.168.2.1 dev gif2"))
            await #expect(throws: DataPlaneError.self) { try await driver.observe() }

            try await driver.prepare()
            #expect(try gateway.daemonProcess() != first)
            let left = try await driver.observe()
            #expect(Set(left.tunnels.map(\.tunnel)).isDisjoint(with: Sample.whole.tunnels), "nobody serves them")
            #expect(Set(left.tunnels.map(\.tunnel.interface)) == ["gif2", "gif13"])
            #expect(left.routes == Sample.whole.routes)
            try await driver.performAll(Sample.whole.operations)
            #expect(Sample(try await driver.observe()) == .whole)
        }
    }

    /// `2: gif2` and so on: a device made anew has another number.
    private func interfaceIndexes(_ gateway: EmbeddedGatewayFixture) throws -> [String] {
        try gateway.inside("ip", "-o", "link", "show").split(separator: "\n")
            .map { $0.split(separator: ":").prefix(2).joined(separator: ":") }
    }

    @Test func aNewAgentFindsEverythingAsItWas() async throws {
        try await EmbeddedGatewayFixture.with { gateway in
            let first = gateway.driver()
            try await first.prepare()
            try await first.performAll(Sample.whole.operations)
            let process = try gateway.daemonProcess()

            let second = gateway.driver()
            try await second.prepare()
            #expect(Sample(try await second.observe()) == .whole)
            try await second.performAll(Sample.whole.operations)
            #expect(Sample(try await second.observe()) == .whole)
            #expect(try gateway.daemonProcess() == process)

            // The daemon that another process started is watched just as well.
            kill(process, SIGKILL)
            await second.waitForFailure()
            await first.waitForFailure()
        }
    }

    @Test(arguments: [
        ["ip", "link", "set", "gif2", "mtu", "1280"], ["ip", "address", "flush", "dev", "gif2"],
        ["ip", "link", "set", "gif2", "down"],
        ["ip", "link", "delete", "gif2"], ["nft", "flush chain inet warren inbound"], ["nft", "delete table inet warren"],
        ["nft", "insert rule inet warren outbound accept"], ["nft", "flush chain inet warren clamp"],
        ["nft", "delete table inet warren_translation"], ["nft", "flush chain inet warren_translation untranslated_out"],
        ["nft", "insert rule inet warren_translation inward accept"],
        ["nft", "add rule inet warren_translation outward oifname gif2 ip saddr 10.0.0.1 snat ip to 10.1.1.1"],
        ["nft", "flush chain inet warren_translation zone"],
        ["nft", "add chain inet warren_translation more { type filter hook input priority 0; }"],
        ["ip", "route", "delete", "192.168.2.0/24", "dev", "gif2"], ["ip", "route", "delete", "unreachable", "192.168.2.0/24"],
    ])
    func tamperingIsSeenAndUndone(command: [String]) async throws {
        try await EmbeddedGatewayFixture.with { gateway in
            let driver = gateway.driver()
            try await driver.prepare()
            try await driver.performAll(Sample.whole.operations)
            try run(["ip", "netns", "exec", gateway.namespace] + command)
            #expect(Sample(try await driver.observe()) != .whole)
            try await driver.performAll(Sample.whole.operations)
            #expect(Sample(try await driver.observe()) == .whole)
        }
    }

    @Test func anInterfaceNameThatIsNoneOfOursIsRefused() async throws {
        try await EmbeddedGatewayFixture.with { gateway in
            let driver = gateway.driver()
            try await driver.prepare()
            for name in ["eth0", "gif", "gif1;reboot", "gif1 up", "../gif1", "gif1\nlink del lo", "gif1234567890123"] {
                let tunnel = GIFTunnel(
                    peer: Sample.tokyoTunnel.peer, interface: name, outer: Sample.tokyoTunnel.outer,
                    inner: Sample.tokyoTunnel.inner, mtu: 1400, mode: .tunnel)
                let error = await #expect(throws: DataPlaneError.self) {
                    try await driver.perform(.setTunnel(tunnel), keys: [:])
                }
                #expect(error?.code == .invalid)
            }
        }
    }

    @Test func theDaemonHasNoRights() async throws {
        try await EmbeddedGatewayFixture.with { gateway in
            let driver = gateway.driver()
            try await driver.prepare()
            let status = try String(contentsOfFile: "/proc/\(try gateway.daemonProcess())/status", encoding: .utf8)
            let fields = Dictionary(
                status.split(separator: "\n").map { line in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return (String(parts[0]), parts.dropFirst().joined().trimmingCharacters(in: .whitespaces))
                }, uniquingKeysWith: { first, _ in first })
            #expect(fields["Uid"] == "65534\t65534\t65534\t65534")
            #expect(fields["Gid"] == "65534\t65534\t65534\t65534")
            #expect(fields["Groups"] == "")
            for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                #expect(fields[set] == "0000000000000000", "\(set)")
            }
            #expect(fields["NoNewPrivs"] == "1")
            #expect(fields["Seccomp"] == "2")
            let arguments = try String(contentsOfFile: "/proc/\(try gateway.daemonProcess())/cmdline", encoding: .utf8)
            #expect(!arguments.contains("key"))
        }
    }
}
