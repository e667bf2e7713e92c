import ESP
import Testing
import WarrenModel

@testable import PacketHarness
@testable import Tunnel

/// Every reason to drop, told by its counter, and that nothing else comes of such a packet.
@Suite struct Engine {
    private let inner = Obvious.Packet(isTCP: false, payload: [1, 2, 3])
    /// A virtio header that vouches for the checksum.
    private let verified = [2] + [UInt8](repeating: 0, count: 9)

    @Test func whatIsInOrderPasses() throws {
        let harness = try EngineHarness()
        let packet = EngineHarness.encapsulate(inner.bytes)
        #expect(harness.receive(harness.seal(packet)).written == [verified + inner.bytes])
        // Traffic-flow padding behind both lengths is cut off (RFC 4303, 2.7).
        #expect(harness.receive(harness.seal(packet + [7, 7, 7, 7, 7])).written == [verified + inner.bytes])
        let inner6 = Obvious.Packet(isIPv6: true, isTCP: false, payload: [1])
        let packet6 = EngineHarness.encapsulate(inner6.bytes, ipProtocol: 41)
        #expect(harness.receive(harness.seal(packet6)).written == [verified + inner6.bytes])
        // Joined by the kernel: each on its own.
        let joined = harness.seal(packet) + harness.seal(packet)
        #expect(harness.receive(joined, segment: UInt32(joined.count / 2)).written.count == 2)
        let transport = try EngineHarness(mode: .transport)
        #expect(transport.receive(transport.seal(inner.bytes)).written == [verified + inner.bytes])
        #expect(transport.receive(transport.seal(inner6.bytes, nextHeader: 41)).written == [verified + inner6.bytes])
        let report = try #require(transport.engine.snapshot().tunnels.first)
        #expect(report.receivedPackets == 2)
        #expect(report.receivedBytes == UInt64(inner.bytes.count + inner6.bytes.count))
        #expect(!report.isUp)
    }

    @Test func inboundFaultsAreDroppedAndCounted() throws {
        let harness = try EngineHarness(selected: [.ipencap])
        let good = EngineHarness.encapsulate(inner.bytes)
        func drops(_ payload: [UInt8], nextHeader: UInt8 = 4, trafficClass: UInt8 = 0) -> [DropReason] {
            let result = harness.receive(harness.seal(payload, nextHeader: nextHeader), trafficClass: trafficClass)
            #expect(result.written.isEmpty)
            return result.drops
        }
        #expect(harness.receive([]).drops == [])
        #expect(harness.receive([0xff]).drops == [])
        #expect(harness.receive([0]).drops == [.truncated])
        #expect(harness.receive([0xff, 0xff]).drops == [.truncated])
        #expect(harness.receive([0, 0, 0x10, 1]).drops == [.truncated])
        #expect(harness.receive([9, 9, 9, 9] + harness.seal(good).dropFirst(4)).drops == [.unknownSPI])
        var forged = harness.seal(good)
        forged[30] ^= 1
        #expect(harness.receive(forged).drops == [.integrity])
        let once = harness.seal(good)
        #expect(harness.receive(once).written.count == 1)
        #expect(harness.receive(once).drops == [.replayed])
        #expect(drops(good, nextHeader: 59) == [.dummy])
        #expect(drops(good, nextHeader: 17) == [.unexpectedProtocol])
        #expect(drops(good, nextHeader: 41) == [.malformedInbound])
        #expect(drops([]) == [.malformedInbound])
        #expect(drops(Array(good.dropLast())) == [.malformedInbound])
        #expect(drops(EngineHarness.encapsulate(inner.bytes, source: EngineHarness.here)) == [.selectorMismatch])
        #expect(drops(EngineHarness.encapsulate(inner.bytes, ipProtocol: 41)) == [.selectorMismatch])
        #expect(drops(EngineHarness.encapsulate(inner.bytes, ipProtocol: 17)) == [.selectorMismatch])
        #expect(drops(EngineHarness.encapsulate(inner.bytes, fragment: 0x2000)) == [.fragment])
        #expect(drops(EngineHarness.encapsulate(inner.bytes, fragment: 0x1fff)) == [.fragment])
        #expect(drops(EngineHarness.encapsulate(Array(inner.bytes.dropLast()))) == [.malformedInbound])
        #expect(drops(EngineHarness.encapsulate([])) == [.malformedInbound])
        #expect(drops(EngineHarness.encapsulate(Obvious.Packet(isIPv6: true).bytes)) == [.malformedInbound])
        // Congestion experienced outside, by a sender that cannot hear of it.
        #expect(drops(good, trafficClass: 3) == [.congestion])
        // What the policy allowed once is asked again after a change.
        harness.obey(.removePolicy(try #require(harness.engine.policies.policies.first { $0.direction == .inbound })))
        #expect(drops(good) == [.policyMismatch])
        harness.obey(.remove(EngineHarness.peer, SPI(rawValue: 0x1001), .inbound))
        #expect(drops(good) == [.unknownSPI])
    }

    @Test func anAssociationThatWaitsInTheQueueIsKnown() throws {
        let harness = try EngineHarness(installing: false)
        let packet = EngineHarness.encapsulate(inner.bytes)
        #expect(harness.receive(harness.seal(packet)).drops == [.unknownSPI])
        harness.engine.commands.append(.addInbound(EngineHarness.association(.inbound), .init()))
        #expect(harness.receive(harness.seal(packet)).written == [verified + inner.bytes])
    }

    /// An SA that is taken away and given again would receive what it had received, and send IVs that it had sent.
    @Test func aKeyThatStoodNeverStandsAgain() throws {
        let harness = try EngineHarness()
        let packet = harness.seal(EngineHarness.encapsulate(inner.bytes)), out = inner.virtio(segment: 0)
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        #expect(harness.receive(packet).written.count == 1 && harness.send(out) == [])
        for again in [EngineHarness.association(.inbound), EngineHarness.association(.outbound)] {
            harness.obey(.remove(EngineHarness.peer, again.spi, again.direction))
        }
        harness.obey(.addInbound(EngineHarness.association(.inbound), .init()))
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        #expect(harness.receive(packet).drops == [.unknownSPI] && harness.send(out) == [.noAssociation])
        harness.obey(.removeAll(EngineHarness.peer))
        harness.obey(.addInbound(EngineHarness.association(.inbound), .init()))
        #expect(harness.receive(packet).drops == [.unknownSPI])
    }

    @Test func packetsOfADetachedTunnelAreDropped() throws {
        let harness = try EngineHarness(attaching: false)
        let packet = EngineHarness.encapsulate(inner.bytes)
        #expect(harness.receive(harness.seal(packet)).drops == [.noTunnel])
        harness.attach(mode: .tunnel)
        #expect(harness.receive(harness.seal(packet)).written.count == 1)
        harness.obey(.detach("gif2"))
        #expect(harness.receive(harness.seal(packet)).drops == [.noTunnel])
    }

    @Test func congestionReachesThePacketWithin() throws {
        let harness = try EngineHarness()
        var sent = inner, expected = inner
        sent.trafficClass = 0xb8 | 2
        expected.trafficClass = 0xb8 | 3
        let inside = harness.seal(EngineHarness.encapsulate(sent.bytes, trafficClass: 2))
        #expect(harness.receive(inside, trafficClass: 3).written == [verified + expected.bytes])
        let marked = harness.seal(EngineHarness.encapsulate(sent.bytes, trafficClass: 3))
        #expect(harness.receive(marked, trafficClass: 2).written == [verified + expected.bytes])
    }

    @Test func outboundFaultsAreDroppedAndCounted() throws {
        let harness = try EngineHarness()
        let good = inner.virtio(segment: 0)
        #expect(harness.send(Array(good.dropLast())) == [.malformedOutbound])
        #expect(harness.send([]) == [.malformedOutbound])
        #expect(harness.send(good) == [.noAssociation])
        #expect(harness.send(good) == [.noAssociation])
        // Asked for once, however many packets there are.
        #expect(harness.events.take() == [.acquire(peer: EngineHarness.peer)])
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init(softBytes: 40, hardBytes: 120)))
        #expect(harness.send(good) == [])
        let spi = SPI(rawValue: 0x2002)
        #expect(harness.events.take() == [.softLimit(peer: EngineHarness.peer, spi: spi, direction: .outbound)])
        #expect(
            harness.send(Obvious.Packet(isTCP: false, payload: [UInt8](repeating: 0, count: 65_500)).virtio(segment: 0)) == [
                .tooBig
            ])
        // The same SA again does not start its counters again.
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        #expect(harness.send(good) == [])
        #expect(harness.send(good) == [])
        #expect(harness.send(good) == [.lifetimeExpired])
        #expect(harness.send(good) == [.lifetimeExpired])
        #expect(harness.events.take() == [.hardLimit(peer: EngineHarness.peer, spi: spi, direction: .outbound)])
        harness.obey(.removeAll(EngineHarness.peer))
        #expect(harness.send(good) == [.noAssociation])
        for policy in harness.engine.policies.policies { harness.obey(.removePolicy(policy)) }
        #expect(harness.send(good) == [.noOutboundPolicy])
    }

    @Test func anAssociationOfAnotherModeIsNotUsed() throws {
        let harness = try EngineHarness()
        harness.obey(.addOutbound(EngineHarness.association(.outbound, mode: .transport), .init()))
        #expect(harness.send(inner.virtio(segment: 0)) == [.noAssociation])
        let narrow = try EngineHarness()
        narrow.obey(.addOutbound(EngineHarness.association(.outbound, selected: [.ipv6]), .init()))
        #expect(narrow.send(inner.virtio(segment: 0)) == [.noAssociation])
    }

    @Test func whileALinkChangesItsModeTheNewestAssociationDecides() throws {
        let harness = try EngineHarness(mode: .transport)
        let packet = inner.virtio(segment: 0)
        harness.obey(.addOutbound(EngineHarness.association(.outbound, mode: .tunnel), .init()))
        #expect(harness.send(packet) == [.noAssociation])
        harness.obey(.setModes(EngineHarness.peer, [.tunnel, .transport]))
        #expect(harness.send(packet) == [])
        harness.obey(.setModes(EngineHarness.peer, [.transport]))
        #expect(harness.send(packet) == [.noAssociation])
        harness.obey(.removeAll(EngineHarness.peer))
        #expect(harness.send(packet) == [.noAssociation])
    }

    @Test func aTunnelWithOtherAddressesUsesTheAssociationThatStands() throws {
        let harness = try EngineHarness(attaching: false)
        let elsewhere = IPAddress("127.0.0.9")!
        harness.attach(mode: .tunnel, outer: .init(local: elsewhere, remote: EngineHarness.there))
        #expect(harness.send(inner.virtio(segment: 0)) == [.noOutboundPolicy])
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        #expect(harness.send(inner.virtio(segment: 0)) == [])
        // Only as long as a policy speaks of it.
        for policy in harness.engine.policies.policies { harness.engine.commands.append(.removePolicy(policy)) }
        harness.engine.obeyCommands()
        #expect(harness.send(inner.virtio(segment: 0)) == [.noOutboundPolicy])
    }

    @Test func theControlSideIsTold() throws {
        let harness = try EngineHarness()
        let packet = EngineHarness.encapsulate(inner.bytes), spi = SPI(rawValue: 0x1001)
        harness.receive([0, 0, 0, 0, 1, 2, 3], port: 5000)
        #expect(
            harness.events.take() == [
                .ikeDatagram(
                    local: Endpoint(address: EngineHarness.here, port: 4500),
                    remote: Endpoint(address: EngineHarness.there, port: 5000), bytes: [1, 2, 3])
            ])
        let held = harness.seal(packet)
        harness.receive(harness.seal(packet))
        #expect(harness.events.take() == [.firstInbound(peer: EngineHarness.peer, spi: spi)])
        // An old packet from elsewhere, though authentic, and a forged one say nothing about where the peer is.
        #expect(harness.receive(held, port: 6000).written.count == 1)
        var forged = harness.seal(packet)
        forged[30] ^= 1
        harness.receive(forged, port: 6000)
        #expect(harness.events.take() == [])
        harness.receive(harness.seal(packet), port: 7000)
        harness.receive(harness.seal(packet), port: 7000)
        let moved = Endpoint(address: EngineHarness.there, port: 7000)
        #expect(harness.events.take() == [.remoteMoved(peer: EngineHarness.peer, spi: spi, remote: moved)])
    }

    @Test func thePortOfOneOfSeveralQueuesIsNoNews() throws {
        let harness = try EngineHarness(installing: false)
        harness.obey(.addInbound(EngineHarness.association(.inbound, isFromAnyPort: true), .init()))
        let packet = EngineHarness.encapsulate(inner.bytes)
        harness.receive(harness.seal(packet), port: 40_000)
        #expect(harness.receive(harness.seal(packet), port: 40_000).written.count == 1)
        #expect(
            harness.events.take() == [.firstInbound(peer: EngineHarness.peer, spi: EngineHarness.association(.inbound).spi)])
    }

    @Test func aFloodOfDatagramsIsBounded() throws {
        let harness = try EngineHarness()
        for _ in 0..<EventQueue.datagramCapacity { harness.receive([0, 0, 0, 0, 1]) }
        #expect(harness.receive([0, 0, 0, 0, 1]).drops == [.controlQueueFull])
        // Large ones sooner, and what is not a datagram still passes.
        #expect(harness.send(inner.virtio(segment: 0)) == [.noAssociation])
        #expect(harness.events.take().count == EventQueue.datagramCapacity + 1)
        var accepted = 0
        while harness.receive([UInt8](repeating: 0, count: 60_000)).drops.isEmpty { accepted += 1 }
        #expect(accepted == EventQueue.datagramBytes / 59_996)
    }

    @Test func strangersLeaveRoomForPeers() throws {
        let harness = try EngineHarness()
        var accepted = 0
        while harness.receive([0, 0, 0, 0, 1], from: IPAddress("127.0.0.66")!).drops.isEmpty { accepted += 1 }
        #expect(accepted == EventQueue.datagramCapacity / EventQueue.strangersShare)
        #expect(harness.receive([0, 0, 0, 0, 1]).drops == [])
        #expect(harness.events.take().count == accepted + 1)
        #expect(harness.receive([0, 0, 0, 0, 1], from: IPAddress("127.0.0.66")!).drops == [])
    }

    /// An authenticated peer that sends garbage, and anybody who does.
    @Test(arguments: [UInt64(1), 2, 3])
    func garbageNeverTraps(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        for mode in IPsecMode.allCases {
            let harness = try EngineHarness(mode: mode)
            var passed = 0
            for round in 0..<3000 {
                var packet = Obvious.Packet(isIPv6: .random(using: &random), isTCP: .random(using: &random))
                packet.payload = random.bytes(Int.random(in: 0...80, using: &random))
                let carried: UInt8 = packet.isIPv6 ? 41 : 4
                var bytes = packet.bytes
                if mode == .tunnel { bytes = EngineHarness.encapsulate(bytes, ipProtocol: carried) }
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
                if round % 5 == 0 { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
                var datagram = harness.seal(bytes, nextHeader: mode == .tunnel ? 4 : carried)
                if round % 7 == 0 { datagram = random.bytes(Int.random(in: 0...100, using: &random)) }
                let result = harness.receive(
                    datagram, trafficClass: .random(in: 0...255, using: &random),
                    segment: round % 11 == 0 ? .random(in: 0...50, using: &random) : 0)
                passed += result.written.count
                #expect(result.written.allSatisfy { $0.count <= 10 + bytes.count })
            }
            #expect(passed > 100)
        }
    }
}
