import AgentCore
import SeededRandom
import Testing
import WarrenModel
import WarrenPlan

/// What a capture keeps of the packets that pass a gateway.
@Suite struct CaptureRuleTests {
    private static let peers = [Sample.peer(7), Sample.peer(8)]

    /// Links to two sites, of which the second may also have its address from before.
    private static func rule(with peer: SiteName? = nil, isWhole: Bool = false) -> CaptureRule {
        var random = SeededNumbers(seed: 1)
        var plan = Sample.plan(using: &random)
        plan.ike = [7, 8].map { number in
            let peer = IKEPeer(
                peer: Sample.peer(number), outer: AddressPair(local: Sample.outer, remote: Sample.outer(number)),
                initiator: true, parameters: IPsecParameters(), selectors: [],
                key: PSKReference(link: LinkID(Sample.site, Sample.peer(number))!, epoch: 1),
                alternatives: number == 7
                    ? []
                    : [
                        IKEAlternative(
                            outer: AddressPair(local: IPAddress("fd00::1")!, remote: IPAddress("fd00::8")!),
                            parameters: IPsecParameters(), selectors: [],
                            key: PSKReference(link: LinkID(Sample.site, Sample.peer(8))!, epoch: 1))
                    ])
            return peer
        }
        return CaptureRule(of: plan, with: peer, isWhole: isWhole)
    }

    private static func ipv4(
        _ kind: UInt8, from source: IPAddress, to destination: IPAddress, fragment: UInt16 = 0, options: Int = 0,
        _ content: [UInt8]
    ) -> [UInt8] {
        [0x45 + UInt8(options), 0, 0, 0, 0, 0, UInt8(fragment >> 8), UInt8(truncatingIfNeeded: fragment), 64, kind, 0, 0]
            + source.bytes + destination.bytes + [UInt8](repeating: 1, count: options * 4) + content
    }

    private static func ipv6(_ next: UInt8, from source: String, to destination: String, _ content: [UInt8]) -> [UInt8] {
        [0x60, 0, 0, 0, 0, 0, next, 64] + IPAddress(source)!.bytes + IPAddress(destination)!.bytes + content
    }

    private static func udp(_ source: UInt16, _ destination: UInt16, _ content: [UInt8]) -> [UInt8] {
        [source, destination, UInt16(content.count + 8), 0].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
            + content
    }

    private static let payload = [UInt8](repeating: 0xEE, count: 200)

    private func kept(_ packet: [UInt8], _ rule: CaptureRule = Self.rule()) -> Int? {
        rule.kept(of: packet, length: packet.count)
    }

    @Test func headersOfWhatIsOfTheMesh() {
        let (us, peer) = (Sample.outer, Sample.outer(7))
        #expect(kept(Self.ipv4(50, from: us, to: peer, Self.payload)) == 28)
        #expect(kept(Self.ipv4(50, from: peer, to: us, options: 3, Self.payload)) == 40)
        #expect(kept(Self.ipv4(17, from: us, to: peer, Self.udp(4500, 4500, Self.payload))) == 36)
        #expect(kept(Self.ipv4(17, from: peer, to: us, Self.udp(1024, 4500, [0, 0, 0, 0] + Self.payload))) == 60)
        #expect(kept(Self.ipv4(17, from: us, to: peer, Self.udp(500, 500, Self.payload))) == 56)
        #expect(kept(Self.ipv4(17, from: us, to: peer, Self.udp(4500, 4500, [0xFF]))) == 29)
        #expect(kept(Self.ipv6(50, from: "fd00::8", to: "fd00::1", Self.payload)) == 48)
        #expect(kept(Self.ipv6(17, from: "fd00::1", to: "fd00::8", Self.udp(4500, 4500, Self.payload))) == 56)
    }

    @Test func nothingElseOfTheHost() {
        let (us, peer) = (Sample.outer, Sample.outer(7))
        #expect(kept(Self.ipv4(17, from: us, to: peer, Self.udp(53, 53, Self.payload))) == nil)
        #expect(kept(Self.ipv4(6, from: us, to: peer, Self.udp(443, 500, Self.payload))) == nil)
        #expect(kept(Self.ipv4(50, from: us, to: Sample.outer(9), Self.payload)) == nil)
        #expect(kept(Self.ipv4(17, from: us, to: Sample.outer(9), Self.udp(4500, 4500, Self.payload))) == nil)
        #expect(kept(Self.ipv6(58, from: "fd00::1", to: "fd00::8", Self.payload)) == nil)
    }

    @Test func laterFragmentsAreOfESPAlone() {
        let (us, peer) = (Sample.outer, Sample.outer(7))
        #expect(kept(Self.ipv4(50, from: us, to: peer, fragment: 0x00B9, Self.payload)) == 20)
        #expect(kept(Self.ipv4(17, from: us, to: peer, fragment: 0x00B9, Self.udp(4500, 4500, Self.payload))) == nil)
        // The first of several, which has the ports.
        #expect(kept(Self.ipv4(17, from: us, to: peer, fragment: 0x2000, Self.udp(4500, 4500, Self.payload))) == 36)
        #expect(kept(Self.ipv6(44, from: "fd00::8", to: "fd00::1", [50, 0, 0, 1, 0, 0, 0, 1] + Self.payload)) == 56)
        #expect(kept(Self.ipv6(44, from: "fd00::8", to: "fd00::1", [50, 0, 1, 0, 0, 0, 0, 1] + Self.payload)) == 48)
    }

    @Test func onePeerAndWholePackets() {
        let one = Self.rule(with: Sample.peer(8)), whole = Self.rule(isWhole: true)
        let packet = Self.ipv4(50, from: Sample.outer, to: Sample.outer(7), Self.payload)
        #expect(kept(packet, one) == nil && kept(packet, whole) == packet.count)
        #expect(!one.isIdle && Self.rule(with: Sample.peer(9)).isIdle)
        // What was not captured of it cannot be kept.
        #expect(whole.kept(of: packet.prefix(100), length: packet.count) == 100)
    }

    /// Whatever comes, and wherever it is cut off, it is at most as much as is there.
    @Test func anyBytes() {
        var random = SeededNumbers(seed: 3)
        let rules = [Self.rule(), Self.rule(isWhole: true)]
        let starts = [
            Self.ipv4(50, from: Sample.outer, to: Sample.outer(7), Self.payload),
            Self.ipv4(17, from: Sample.outer, to: Sample.outer(7), Self.udp(4500, 4500, Self.payload)),
            Self.ipv6(44, from: "fd00::8", to: "fd00::1", [17, 0, 0, 0, 0, 0, 0, 1] + Self.udp(4500, 500, Self.payload)),
        ]
        for _ in 0..<20_000 {
            var packet = starts.randomElement(using: &random)!
            packet = Array(packet.prefix(Int.random(in: 0...packet.count, using: &random)))
            for _ in 0..<Int.random(in: 0...4, using: &random) where !packet.isEmpty {
                packet[Int.random(in: packet.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for rule in rules {
                if let kept = kept(packet, rule) { #expect(kept <= packet.count) }
            }
        }
    }
}
