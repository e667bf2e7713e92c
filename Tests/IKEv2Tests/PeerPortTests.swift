import IKEv2
import Testing
import WarrenModel

@Suite("A NAT before the peer gives it another port")
struct PeerPortTests {
    private func established(by port: UInt16) -> Simulation {
        var simulation = Simulation()
        simulation.translateBerlin(to: port)
        simulation.configure()
        simulation.run(for: .seconds(2))
        #expect(simulation.discord == [])
        #expect(remotePort(simulation) == port)
        return simulation
    }

    /// Where tokyo sends packets.
    private func remotePort(_ simulation: Simulation) -> UInt16? {
        let tokyo = simulation.gateways[1]
        return tokyo.associations.current?.remote.port
    }

    private func rekeyed(_ simulation: inout Simulation, by index: Int) -> Bool {
        let before = simulation.gateways.map(\.currentOutbound)
        simulation.act(index) {
            $0.rekey(peer: index == 0 ? Simulation.tokyo : Simulation.berlin, .child, now: $1, random: &$2)
        }
        simulation.run(for: .seconds(1))
        simulation.exchangeTraffic()
        // Replaced inbound SAs stand a while longer.
        simulation.run(for: .seconds(9))
        return zip(before, simulation.gateways).allSatisfy { $0 != $1.currentOutbound } && simulation.discord == []
    }

    @Test("an authentic request leads to where it came from")
    func authenticRequest() {
        var simulation = established(by: 40_001)
        simulation.translateBerlin(to: 40_002)
        #expect(rekeyed(&simulation, by: 0))
        #expect(simulation.gateways[1].redirects == [Endpoint(address: Simulation.berlinAddress, port: 40_002)])
        #expect(remotePort(simulation) == 40_002)
        #expect(rekeyed(&simulation, by: 1))
        #expect(simulation.gateways[0].everAdded.count == 6)
    }

    @Test("a request under way goes where the peer is now, and so do those of the IKE SA that replaces this one")
    func requestUnderWay() {
        var simulation = established(by: 40_001)
        simulation.translateBerlin(to: 40_002)
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .child, now: $1, random: &$2) }
        simulation.act(1) { engine, _, _ in
            engine.peerMoved(Simulation.berlin, to: Endpoint(address: Simulation.berlinAddress, port: 40_002))
        }
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [] && simulation.gateways[0].everAdded.count == 4)
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .ike, now: $1, random: &$2) }
        simulation.run(for: .seconds(10))
        #expect(rekeyed(&simulation, by: 1))
        #expect(remotePort(simulation) == 40_002)
        #expect(!simulation.gateways.flatMap(\.events).contains { $0.kind == .peerDead })
    }

    @Test("what is not authentic, old, or from another address moves nothing")
    func hostile() throws {
        var simulation = established(by: 40_001)
        #expect(rekeyed(&simulation, by: 0))
        let request = try #require(simulation.gateways[0].sent.last { $0.bytes.count > 18 && $0.bytes[18] == 36 })
        let elsewhere = Endpoint(address: Simulation.berlinAddress, port: 5555)
        var forged = request.bytes
        forged[forged.count - 1] ^= 1
        for bytes in [forged, request.bytes] {
            simulation.launch(IKEDatagram(local: elsewhere, remote: request.remote, bytes: bytes))
            simulation.run(for: .seconds(1))
        }
        simulation.act(1) { engine, _, _ in
            engine.peerMoved(Simulation.berlin, to: Endpoint(address: IPAddress("192.0.2.9")!, port: 5555))
        }
        #expect(simulation.gateways[1].redirects == [])
        #expect(rekeyed(&simulation, by: 1))
        #expect(remotePort(simulation) == 40_001)
    }
}
