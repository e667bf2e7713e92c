import Testing
import WarrenModel

@testable import PacketHarness
@testable import Tunnel

@Suite struct WhatIsLookedUpAgain {
    private let alpha = SiteName("alpha")!, beta = SiteName("beta")!
    private let here = IPAddress("192.0.2.1")!, there = IPAddress("192.0.2.2")!, elsewhere = IPAddress("192.0.2.3")!

    private func policy(_ direction: SecurityPolicy.Direction, from: IPPrefix, to: IPPrefix) -> SecurityPolicy {
        SecurityPolicy(
            peer: beta, direction: direction, selector: .init(source: from, destination: to, ipProtocol: .ipencap),
            mode: .tunnel)
    }

    @Test func nothingWithoutAChange() {
        let stale = Stale()
        #expect(stale.isEmpty)
        #expect(!stale.concerns(alpha, addresses: [.init(local: here, remote: there)]))
    }

    @Test func aPeerByItsName() {
        var stale = Stale()
        stale.peers.insert(alpha)
        #expect(!stale.isEmpty)
        #expect(!stale.hasPolicies)
        #expect(stale.concerns(alpha, addresses: []))
        #expect(!stale.concerns(beta, addresses: [.init(local: here, remote: there)]))
    }

    /// The first policy that matches decides, also one that names another peer.
    @Test func whomAPolicyMatchesInEitherDirection() {
        for policy in [
            policy(.outbound, from: .init(host: here), to: .init(host: there)),
            policy(.inbound, from: .init(host: there), to: .init(host: here)),
            policy(.outbound, from: IPPrefix("192.0.2.0/31")!, to: IPPrefix("192.0.2.2/32")!),
        ] {
            var stale = Stale()
            stale.note(policy)
            #expect(stale.hasPolicies)
            #expect(stale.concerns(beta, addresses: []))
            #expect(stale.concerns(alpha, addresses: [.init(local: here, remote: there)]))
            #expect(
                stale.concerns(alpha, addresses: [.init(local: here, remote: elsewhere), .init(local: here, remote: there)]))
            #expect(!stale.concerns(alpha, addresses: [.init(local: here, remote: elsewhere)]))
        }
    }

    /// What a link loses does not touch another, and comes back by the same command.
    @Test func oneLinkChangesAndAnotherGoesOn() throws {
        let harness = try EngineHarness()
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        let packet = [UInt8](repeating: 0, count: 10) + Obvious.Packet(isTCP: false, payload: [1]).bytes
        #expect(harness.send(packet) == [])
        harness.obey(.removeAll(alpha))
        harness.obey(.setModes(alpha, [.transport]))
        harness.obey(.detach("gif7"))
        #expect(harness.send(packet) == [])
        harness.obey(.remove(EngineHarness.peer, SPI(rawValue: 0x2002), .outbound))
        #expect(harness.send(packet) == [.noAssociation])
        let outbound = try #require(harness.engine.policies.policies.first { $0.direction == .outbound })
        harness.obey(.removePolicy(outbound))
        #expect(harness.send(packet) == [.noOutboundPolicy])
    }
}
