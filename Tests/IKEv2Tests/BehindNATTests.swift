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

    @Test("it may turn out later, and change")
    func later() {
        var simulation = Simulation()
        simulation.linkInitiator = 1
        simulation.translateBerlin(to: 40_001, ikeTo: 40_000, inside: Simulation.berlinInside)
        simulation.configure()
        simulation.run(for: .seconds(10))
        #expect(simulation.gateways.allSatisfy { $0.everAdded.isEmpty })
        Self.tellBerlin(&simulation, [Simulation.berlinAddress])
        simulation.run(for: .seconds(4))
        #expect(simulation.discord == [])
        // The address is the gateway's own from now on: what is made then is of it.
        Self.tellBerlin(&simulation, [])
        simulation.translateBerlin(to: 40_001, ikeTo: 40_000)
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .child, now: $1, random: &$2) }
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [])
        #expect(simulation.gateways[0].everAdded.map(\.isBehindNAT) == [true, true, false, false])
    }

    @Test("of two public addresses, an answer came to the one that the request names")
    func twoAddresses() {
        var simulation = Simulation()
        simulation.translateBerlin(to: 40_001, ikeTo: 40_000, inside: Simulation.berlinInside)
        // The one that sorts first is not in use.
        let other = IPAddress("203.0.113.9")!
        Self.tellBerlin(&simulation, [other, Simulation.berlinAddress])
        for index in [0, 1] {
            let peer = simulation.peer(of: index), outer = peer.outer
            let outers = [AddressPair(local: other, remote: outer.remote), AddressPair(local: outer.local, remote: other)]
            let alternative = IKEAlternative(
                outer: outers[index], parameters: peer.parameters, selectors: peer.selectors, key: peer.key)
            let both = IKEPeer(
                peer: peer.peer, outer: outer, initiator: peer.initiator, parameters: peer.parameters,
                selectors: peer.selectors, key: peer.key, alternatives: [alternative])
            simulation.act(index) { $0.setPeer(both, keys: [peer.key: Simulation.key], now: $1, random: &$2) }
        }
        simulation.run(for: .seconds(2))
        #expect(simulation.discord == [])
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .child, now: $1, random: &$2) }
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [] && simulation.gateways[0].everAdded.count == 4)
    }
}
