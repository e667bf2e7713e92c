import Foundation
import Testing
import WarrenModel

/// A gateway whose public address is that of a real NAT before it.
@Suite("Behind a NAT")
struct NATTests {
    /// What of the UDP on a wire was sent from and to which ports.
    private static func ports(_ frames: [[UInt8]]) -> [(source: Int, destination: Int, frame: [UInt8])] {
        frames.compactMap { frame in
            guard frame.count >= 38, frame[12] == 8, frame[13] == 0, frame[23] == 17 else { return nil }
            return (Int(frame[34]) << 8 | Int(frame[35]), Int(frame[36]) << 8 | Int(frame[37]), frame)
        }
    }

    /// What each gateway sends on.
    private static func outbound(_ pair: DaemonPair) throws -> [Set<SPI>] {
        try pair.gateways.map { gateway in
            Set(try gateway.client.observe().securityAssociations.filter { $0.direction == .outbound }.map(\.spi))
        }
    }

    @Test(
        "the link stands in both modes, whichever end makes it, and loses nothing when either end rekeys",
        arguments: [IPsecMode.tunnel, .transport], [0, 1])
    func carries(mode: IPsecMode, hidden: Int) throws {
        // Plain ESP is wished for, and not possible.
        let pair = try DaemonPair(LinkWay(mode: mode, encapsulation: .esp), hidden: hidden)
        let nat = try #require(pair.nat)
        let outside = try WireCapture(namespace: "/var/run/netns/\(nat)")
        let streams = try pair.streams()
        for index in (0..<10).map({ $0 % 2 }) {
            let before = try Self.outbound(pair)
            try pair.gateways[index].client.call(.rekey(LinkSteps.sites[1 - index], .child))
            try pair.settle { zip(try Self.outbound(pair), before).allSatisfy { $0.count == 1 && $0 != $1 } }
        }
        for outcome in streams.map({ $0.end() }) {
            #expect(outcome.sent > 50 && outcome.lost == [] && outcome.repeated == 0, "\(outcome)")
        }
        let bytes = StreamTransfer.bytes(4 << 20, seed: 9)
        for (from, to) in [(0, 1), (1, 0)] {
            let paths = pair.gateways.map(\.path)
            let received = try StreamTransfer.send(bytes, from: paths[from], to: paths[to], address: LinkSteps.inners[to])
            #expect(received == bytes)
        }
        for gateway in pair.gateways {
            let observation = try gateway.client.observe()
            #expect(observation.drops.filter { $0.key != "no-association" } == [:])
            #expect(observation.ike.first?.runsAsPreferred == true)
            #expect(observation.securityAssociations.allSatisfy { $0.mode == mode })
        }
        let seen = Self.ports(outside.take())
        #expect(seen.count > 200)
        for (source, destination, frame) in seen {
            // From inside, by a port of the NAT; to it, only where a flow came from.
            #expect(DaemonPair.natPorts.contains(source) != DaemonPair.natPorts.contains(destination))
            #expect([500, 4500].contains(source) || [500, 4500].contains(destination))
            #expect(frame.firstRange(of: NumberedStream.marker.prefix(8)) == nil)
        }
    }

    @Test("when the NAT has forgotten the way and gives another port, packets from inside open it, for both ways")
    func moves() throws {
        let pair = try DaemonPair(LinkWay(), hidden: 1)
        let before = try Self.outbound(pair)
        let capture = try WireCapture(namespace: "/var/run/netns/\(try #require(pair.nat))")
        let ports = 42_000...42_999
        try pair.forgetFlows(newPorts: ports)
        // Nothing that the outer gateway sends gets through now.
        #expect(throws: CommandFailure.self) { try pair.ping(from: 0) }
        try pair.ping(from: 1)
        try pair.ping(from: 0)
        #expect(try Self.outbound(pair) == before)
        let seen = Self.ports(capture.take())
        #expect(seen.contains { ports.contains($0.source) } && seen.contains { ports.contains($0.destination) })
    }
}
