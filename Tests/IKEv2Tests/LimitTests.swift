import Testing
import WarrenModel

@testable import IKEv2

@Suite("Limits")
struct LimitTests {
    private func established(parameters: IPsecParameters = IPsecParameters()) -> Simulation {
        var simulation = Simulation(parameters: parameters)
        simulation.configure()
        simulation.run(for: .seconds(2))
        return simulation
    }

    @Test("whoever has the peer's address but not its key leaves few traces, however often he tries")
    func refusedAttempts() {
        var simulation = Simulation()
        simulation.keys[0] = PreSharedKey(SecretBytes(Array(repeating: 1, count: 32)))
        simulation.configure([1])
        for _ in 0..<40 {
            simulation.gateways[0].engine = IKEEngine()
            simulation.configure([0])
            simulation.run(for: .milliseconds(100))
        }
        let limit = IKEConfiguration().halfOpenLimitPerPeer
        #expect((1...2 * limit).contains(simulation.gateways[1].engine.sessions.count))
        simulation.gateways[0].engine = IKEEngine()
        simulation.keys[0] = simulation.keys[1]
        simulation.configure([0])
        simulation.run(for: .seconds(40))
        #expect(simulation.discord == [])
    }

    @Test("a peer that makes child SAs without end is refused")
    func childFlood() throws {
        var simulation = established()
        let limit = IKEConfiguration().childLimit
        for _ in 0..<limit * 2 {
            simulation.act(0) { engine, now, random in
                guard let spi = engine.peers[Simulation.tokyo]?.current, case .established(var sa) = engine.sessions[spi],
                    sa.outstanding == nil
                else { return }
                engine.requestChild(&sa, replacing: nil, queue: 0, now: now, random: &random)
                // Forgets what it has, so that it never deletes.
                sa.children = []
                sa.pending = []
                engine.sessions[spi] = .established(sa)
            }
            simulation.run(for: .milliseconds(30))
        }
        #expect(simulation.gateways[1].inbound.count <= limit)
        #expect(simulation.gateways[1].events.contains { $0.text.contains("NO_ADDITIONAL_SAS") })
    }

    @Test("a peer that makes IKE SAs without end loses the oldest")
    func ikeFlood() {
        var simulation = established()
        for _ in 0..<20 {
            // A copy of the engine that forgets all it had, and does not say so by INITIAL_CONTACT.
            simulation.act(0) { engine, now, random in
                let kept = engine.sessions
                engine.peers[Simulation.tokyo]?.current = nil
                engine.connect(Simulation.tokyo, now: now, random: &random)
                for spi in kept.keys { if case .established = kept[spi] { engine.sessions[spi] = kept[spi] } }
            }
            simulation.filter = { datagram in
                // The Deletes of what was superseded are lost.
                !(datagram.local.address == Simulation.berlinAddress
                    && datagram.bytes[18] == ExchangeType.informational.rawValue)
            }
            simulation.run(for: .milliseconds(200))
        }
        let active = simulation.gateways[1].engine.activeSAs(of: Simulation.berlin).count
        #expect((2...IKEConfiguration().establishedLimitPerPeer).contains(active))
    }

    @Test("an authentic datagram from another address moves no SA and gets no answer")
    func otherAddress() {
        let elsewhere = IPAddress("192.0.2.99")!
        var simulation = Simulation()
        simulation.filter = { datagram in
            guard datagram.local.port == 4500, datagram.local.address == Simulation.berlinAddress else { return true }
            datagram = IKEDatagram(
                local: Endpoint(address: elsewhere, port: 4500), remote: datagram.remote, bytes: datagram.bytes)
            return true
        }
        simulation.configure()
        simulation.run(for: .seconds(3))
        #expect(simulation.gateways[1].everAdded.isEmpty)
        #expect(!simulation.gateways[1].sent.contains { $0.remote.address == elsewhere })
        simulation.filter = { _ in true }
        simulation.run(for: .seconds(40))
        #expect(simulation.discord == [])
    }

    @Test("SAs of an earlier key end in time, though the peer rekeys them")
    func staleRekey() {
        var simulation = established()
        simulation.keys[1] = PreSharedKey(SecretBytes(Array(repeating: 9, count: 32)))
        simulation.configure([1])
        for _ in 0..<14 {
            simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .ike, now: $1, random: &$2) }
            simulation.run(for: .seconds(50))
        }
        #expect(simulation.gateways[1].engine.activeSAs(of: Simulation.berlin).isEmpty)
        #expect(simulation.gateways[1].outbound.isEmpty)
    }
}

@Suite("Timers that rest")
struct RestTests {
    /// Calls of `handleTimeout` that the engines want within a while.
    private func turns(_ simulation: inout Simulation, within duration: Duration) -> Int {
        let end = simulation.now + duration
        var count = 0
        while let next = simulation.gateways.compactMap(\.engine.nextTimeout).min(), next <= end, count < 200 {
            simulation.run(for: max(next.since(simulation.now), .zero))
            count += 1
        }
        return count
    }

    @Test("a liveness check that must wait for the end of a rekey does not keep the engine busy")
    func livenessDuringRekey() {
        var parameters = IPsecParameters()
        parameters.ike.livenessSeconds = 1
        var simulation = Simulation(parameters: parameters)
        simulation.configure()
        simulation.run(for: .milliseconds(500))
        // The Delete of the old IKE SA never comes.
        simulation.filter = { datagram in
            !(datagram.local.address == Simulation.berlinAddress && datagram.bytes[18] == ExchangeType.informational.rawValue)
        }
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .ike, now: $1, random: &$2) }
        #expect(turns(&simulation, within: .seconds(5)) < 100)
        #expect(simulation.gateways.flatMap(\.faults) == [])
    }

    @Test("a refused child SA whose place another took does not keep the engine busy")
    func refusedChildReplaced() {
        var simulation = Simulation()
        simulation.configure()
        simulation.run(for: .seconds(2))
        simulation.act(0) { engine, now, _ in
            guard let spi = engine.peers[Simulation.tokyo]?.current, case .established(var sa) = engine.sessions[spi] else {
                return
            }
            sa.childRetryAt = now + .seconds(1)
            engine.sessions[spi] = .established(sa)
        }
        #expect(turns(&simulation, within: .seconds(5)) < 100)
        #expect(simulation.gateways.flatMap(\.faults) == [])
        #expect(simulation.discord == [])
    }
}
