import IKEv2
import Testing
import WarrenModel

/// Berlin's public address is that of a NAT, by which nothing comes in that berlin has not begun.
@Suite("A gateway behind a NAT does not have its public address itself")
struct BehindNATTests {
    private static func simulation(
        linkInitiator: Int, port: UInt16 = 40_001, ikePort: UInt16 = 40_000, parameters: IPsecParameters = .init(),
        queues: [Int] = [1, 1]
    ) -> Simulation {
        var simulation = Simulation(parameters: parameters, queues: queues)
        simulation.linkInitiator = linkInitiator
        simulation.translateBerlin(to: port, ikeTo: ikePort, inside: Simulation.berlinInside)
        tellBerlin(&simulation, [Simulation.berlinAddress])
        simulation.configure()
        return simulation
    }

    private static func tellBerlin(_ simulation: inout Simulation, _ addresses: Set<IPAddress>) {
        simulation.act(0) { $0.setNATAddresses(addresses, now: $1, random: &$2) }
    }

    @Test("the link stands, whichever end is to make it, and speaks of the public address", arguments: [0, 1])
    func established(linkInitiator: Int) {
        var simulation = Self.simulation(linkInitiator: linkInitiator, queues: [2, 2])
        simulation.run(for: .seconds(4))
        let (berlin, tokyo) = (simulation.gateways[0], simulation.gateways[1])
        // One queue, and in UDP.
        #expect(berlin.outbound.count == 1 && tokyo.outbound.count == 1)
        #expect(berlin.everAdded.count == 2 && tokyo.everAdded.count == 2)
        #expect(berlin.everAdded.allSatisfy { $0.isBehindNAT && $0.udpEncapsulation })
        #expect(berlin.everAdded.allSatisfy { $0.local == Endpoint(address: Simulation.berlinAddress, port: 4500) })
        #expect(tokyo.everAdded.allSatisfy { !$0.isBehindNAT && $0.udpEncapsulation })
        #expect(tokyo.everAdded.allSatisfy { $0.remote == Endpoint(address: Simulation.berlinAddress, port: 40_001) })
        // The NAT does not forget the way.
        simulation.run(for: .seconds(61))
        #expect(simulation.gateways[0].keepalives == 3 && simulation.gateways[1].keepalives == 0)
        #expect(simulation.states.allSatisfy { $0.state == .established })
    }

    @Test("both ends rekey both kinds of SA", arguments: [0, 1])
    func rekeys(linkInitiator: Int) {
        var simulation = Self.simulation(linkInitiator: linkInitiator)
        simulation.run(for: .seconds(4))
        for (index, peer) in [(0, Simulation.tokyo), (1, Simulation.berlin)] {
            for target in [IKEEngine.RekeyTarget.child, .ike] {
                simulation.act(index) { $0.rekey(peer: peer, target, now: $1, random: &$2) }
                simulation.run(for: .seconds(1))
                simulation.exchangeTraffic()
                simulation.run(for: .seconds(9))
                #expect(simulation.discord == [])
            }
        }
        #expect(simulation.gateways[0].everAdded.count == 6)
        #expect(simulation.gateways[0].everAdded.allSatisfy { $0.isBehindNAT })
    }

    @Test("a NAT that keeps ports is found all the same, and plain ESP is not asked for again and again", arguments: [0, 1])
    func portsKept(linkInitiator: Int) {
        let parameters = IPsecParameters(encapsulation: .esp)
        var simulation = Self.simulation(linkInitiator: linkInitiator, port: 4500, ikePort: 500, parameters: parameters)
        simulation.run(for: .seconds(120))
        #expect(simulation.discord == [])
        for gateway in simulation.gateways {
            #expect(gateway.everAdded.count == 2 && gateway.everAdded.allSatisfy { $0.udpEncapsulation })
        }
        #expect(simulation.gateways[0].keepalives > 0)
    }

    @Test("whichever end restarts, the link is there again", arguments: [0, 1], [0, 1])
    func restart(linkInitiator: Int, restarted: Int) {
        var simulation = Self.simulation(linkInitiator: linkInitiator)
        simulation.run(for: .seconds(4))
        #expect(simulation.discord == [])
        if restarted == 0 {
            simulation.restart(0) { $0.setNATAddresses([Simulation.berlinAddress], now: $1, random: &$2) }
        } else {
            simulation.restart(1)
        }
        // At the latest when berlin asks whether the peer lives.
        simulation.run(for: .seconds(20))
        simulation.exchangeTraffic()
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [])
    }

    @Test("it may turn out later, and be over again: what stands is made anew", arguments: [0, 1])
    func later(linkInitiator: Int) {
        var simulation = Simulation()
        simulation.linkInitiator = linkInitiator
        simulation.configure()
        simulation.run(for: .seconds(4))
        #expect(simulation.discord == [])
        simulation.translateBerlin(to: 40_001, ikeTo: 40_000, inside: Simulation.berlinInside)
        Self.tellBerlin(&simulation, [Simulation.berlinAddress])
        settle(&simulation)
        simulation.filter = { _ in true }
        Self.tellBerlin(&simulation, [])
        settle(&simulation)
        #expect(simulation.gateways[0].everAdded.map { $0.isBehindNAT } == [false, false, true, true, false, false])
    }

    @Test("an attempt that was under way is begun anew", arguments: [0, 1])
    func meanwhile(linkInitiator: Int) {
        var simulation = Simulation(parameters: .init(encapsulation: .esp))
        simulation.linkInitiator = linkInitiator
        // Nothing gets through yet.
        simulation.filter = { _ in false }
        simulation.configure()
        simulation.run(for: .seconds(1))
        simulation.translateBerlin(to: 4500, ikeTo: 500, inside: Simulation.berlinInside)
        Self.tellBerlin(&simulation, [Simulation.berlinAddress])
        simulation.run(for: .seconds(20))
        #expect(simulation.discord == [])
        for gateway in simulation.gateways { #expect(gateway.everAdded.allSatisfy { $0.udpEncapsulation }) }
    }

    /// What has taken something's place carries, and that has gone.
    private func settle(_ simulation: inout Simulation, within limit: Duration = .seconds(15)) {
        simulation.run(for: .seconds(3))
        simulation.exchangeTraffic()
        simulation.run(for: limit)
        #expect(simulation.discord == [])
    }

    @Test("the outer end can change the link, by the way that stands", arguments: [0, 1])
    func changes(linkInitiator: Int) throws {
        var simulation = Self.simulation(linkInitiator: linkInitiator)
        simulation.run(for: .seconds(4))
        let fresh = try #require(ESPProposal("aes128gcm16"))
        for (index, isSwitch) in [(0, false), (1, true)] {
            let peer = simulation.peer(of: index)
            var parameters = peer.parameters
            parameters.child.proposals = [fresh]
            func with(_ first: IPsecParameters, _ other: IPsecParameters) -> IKEPeer {
                IKEPeer(
                    peer: peer.peer, outer: peer.outer, initiator: peer.initiator, parameters: first, selectors: peer.selectors,
                    key: peer.key,
                    alternatives: [
                        IKEAlternative(outer: peer.outer, parameters: other, selectors: peer.selectors, key: peer.key)
                    ])
            }
            let changed = isSwitch ? with(parameters, peer.parameters) : with(peer.parameters, parameters)
            simulation.act(index) { $0.setPeer(changed, keys: [peer.key: Simulation.key], now: $1, random: &$2) }
        }
        settle(&simulation)
        #expect(simulation.gateways[1].outbound.map(\.encryption) == [fresh.encryption])
    }

    @Test(
        "keys that are lost end what stands, and it is made anew; by the outer end, at once, where that makes the link",
        arguments: [0, 1])
    func keyLost(linkInitiator: Int) {
        var simulation = Self.simulation(linkInitiator: linkInitiator)
        simulation.run(for: .seconds(4))
        let keys = (1...2).map { PreSharedKey(SecretBytes(Array(repeating: UInt8($0), count: 32))) }
        // Berlin takes both before tokyo takes the new one alone.
        for (index, floor) in [(0, nil), (1, 2)] as [(Int, UInt32?)] {
            let peer = simulation.peer(of: index), link = peer.key.link
            let references = (1...2).map { PSKReference(link: link, epoch: $0) }
            let old = IKEAlternative(
                outer: peer.outer, parameters: peer.parameters, selectors: peer.selectors, key: references[0])
            let changed = IKEPeer(
                peer: peer.peer, outer: peer.outer, initiator: peer.initiator, parameters: peer.parameters,
                selectors: peer.selectors, key: references[1], alternatives: floor == nil ? [old] : [], keyFloor: floor)
            simulation.act(index) {
                $0.setPeer(changed, keys: [references[0]: Simulation.key, references[1]: keys[1]], now: $1, random: &$2)
            }
        }
        simulation.run(for: .seconds(1))
        #expect(linkInitiator == 0 || simulation.gateways[1].outbound.count == 1)
        // Berlin is not told that what stood has gone: it asks whether the peer lives.
        settle(&simulation, within: .seconds(40))
    }

    @Test("of two public addresses, a datagram of an IKE SA came to that one's")
    func twoAddresses() {
        var simulation = Self.simulation(linkInitiator: 0)
        simulation.run(for: .seconds(4))
        // Berlin shall have another one, by which nothing comes yet; it prefers it from now on.
        let other = IPAddress("203.0.113.9")!, peer = simulation.peer(of: 0)
        Self.tellBerlin(&simulation, [other, Simulation.berlinAddress])
        let standing = IKEAlternative(
            outer: peer.outer, parameters: peer.parameters, selectors: peer.selectors, key: peer.key)
        let changed = IKEPeer(
            peer: peer.peer, outer: AddressPair(local: other, remote: peer.outer.remote), initiator: peer.initiator,
            parameters: peer.parameters, selectors: peer.selectors, key: peer.key, alternatives: [standing])
        simulation.act(0) { $0.setPeer(changed, keys: [peer.key: Simulation.key], now: $1, random: &$2) }
        let before = simulation.gateways[1].currentOutbound
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .child, now: $1, random: &$2) }
        simulation.run(for: .seconds(2))
        simulation.exchangeTraffic()
        simulation.run(for: .seconds(2))
        #expect(simulation.gateways[1].currentOutbound != before)
        #expect(simulation.gateways[1].events.allSatisfy { $0.kind != .peerDead })
        #expect(simulation.gateways[0].outbound.allSatisfy { $0.local.address == Simulation.berlinAddress })
    }
}
