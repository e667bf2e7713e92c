import AgentCore
import Foundation
import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenWire

@Suite struct PackedPrefixTests {
    private static func prefixes(_ texts: [String]) throws -> [IPPrefix] { try texts.map { try Sample.prefix($0) } }

    /// Whatever the order, it comes back.
    @Test(
        arguments: [
            ([], 0), (["10.0.0.0/8"], 1), (["::/0", "0.0.0.0/0"], 2),
            (["10.1.0.0/16", "10.2.0.0/16", "fd00::/64", "fd01::/128"], 1),
            (["10.1.0.0/16", "fd00::/64", "10.2.0.0/16", "10.2.0.1/32", "fd01::/64"], 2),
        ] as [([String], Int)])
    func prefixesComeBack(texts: [String], runs: Int) throws {
        let prefixes = try Self.prefixes(texts), packed = prefixes.packed
        #expect(packed.count == runs)
        #expect(try [IPPrefix](wire: packed, "prefixes") == prefixes)
    }

    @Test func routesComeBack() throws {
        let via = try Sample.address("192.168.2.1"), other = try Sample.address("192.168.3.1")
        let ways: [(IPAddress?, String)] = [
            (via, "gif2"), (via, "gif2"), (nil, "gif2"), (other, "gif2"), (other, "gif3"), (via, "gif2"),
        ]
        let routes = try zip(ways, ["10.1.0.0/16", "fd00::/64", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16"]).map
        {
            Route(destination: try Sample.prefix($1), via: $0.0, interface: $0.1)
        }
        #expect(routes.packed.count == 5)
        #expect(try [Route](wire: routes.packed, "routes") == routes)
        #expect(try [Route](wire: [], "routes").isEmpty)
    }

    /// What a gateway shall run means the same in either form; an agent that does not know the new one is not sent it.
    @Test func aStateMeansTheSameInEitherForm() throws {
        let state = try Sample.state()
        let packed = state.wire(for: .current), plain = state.wire(for: .packetLimits)
        #expect(plain == state.wire && plain.plan.routeRuns.isEmpty && plain.plan.unreachableRuns.isEmpty)
        #expect(plain.protocolVersion == WireVersion.first.wire)
        #expect(packed.plan.routes.isEmpty && packed.plan.unreachable.isEmpty)
        #expect(packed.protocolVersion == WireVersion.packedPrefixes.wire)
        #expect(try DesiredState(wire: packed) == state)
        #expect(try DesiredState(wire: plain) == state)
        // On disk it is what an agent of a lower version can read, too.
        #expect(try state.serialized() == plain.serializedBytes())
    }

    /// A thousand routes are no thousand messages.
    @Test func manyTakeLittleRoom() throws {
        var state = try Sample.state()
        let prefixes = try (0..<1_000).map { try Sample.prefix("10.\($0 / 256).\($0 % 256).0/24") }
        state.plan.unreachable = prefixes
        state.plan.routes = prefixes.map { Route(destination: $0, via: nil, interface: "gif2") }
        let bytes: [UInt8] = try state.wire(for: .current).serializedBytes()
        #expect(bytes.count < 12_000)
        #expect(try DesiredState(wire: .init(serializedBytes: bytes)) == state)
    }

    @Test(
        arguments: [
            ([10, 0, 0, 0], []), ([10, 0, 0, 0, 33], []), ([10, 0, 0, 1, 24], []), ([10, 0, 0, 0, 8, 10], []), ([], [0xfd]),
            ([], [UInt8](repeating: 0, count: 16) + [129]), ([], [UInt8](repeating: 1, count: 16) + [64]),
        ] as [([UInt8], [UInt8])])
    func refusesWhatIsNoPrefix(ipv4: [UInt8], ipv6: [UInt8]) throws {
        var message = try Sample.state().wire(for: .current)
        message.plan.unreachableRuns = [
            .with {
                $0.ipv4 = Data(ipv4); $0.ipv6 = Data(ipv6)
            }
        ]
        #expect(throws: WireError.self) { try DesiredState(wire: message) }
        message = try Sample.state().wire(for: .current)
        message.plan.routeRuns[0].ipv4 = Data(ipv4)
        message.plan.routeRuns[0].ipv6 = Data(ipv6)
        #expect(throws: WireError.self) { try DesiredState(wire: message) }
    }

    @Test(arguments: ["", "gif2; reboot", "a name of twenty letters"]) func refusesWhatIsNoInterface(name: String) throws {
        var message = try Sample.state().wire(for: .current)
        message.plan.routeRuns[0].interface = name
        #expect(throws: WireError.self) { try DesiredState(wire: message) }
        message = try Sample.state().wire(for: .current)
        message.plan.routeRuns[0].via = Data([1, 2, 3])
        #expect(throws: WireError.self) { try DesiredState(wire: message) }
    }
}
