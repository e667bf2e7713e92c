import ESP
import SeededRandom
import Testing
import WarrenModel

@testable import IKEv2

@Suite("Bad networks, restarts and silence")
struct StormTests {
    @Test(
        "whatever the network did and the ends did in it, when it heals one child SA stands",
        arguments: 0..<300 as Range<UInt64>)
    func heals(seed: UInt64) {
        var choice = SeededNumbers(seed: seed &+ 77)
        var parameters = IPsecParameters()
        parameters.child.lifetimeSeconds = seed % 3 == 0 ? 15 : 600
        parameters.ike.lifetimeSeconds = seed % 5 == 0 ? 40 : 3000
        if seed % 2 == 0 { parameters.child.proposals = [ESPProposal("aes128gcm16-x25519")!] }
        var simulation = Simulation(seed: seed, parameters: parameters)
        simulation.weather = .storm
        simulation.configure()
        for _ in 0..<12 {
            simulation.run(for: .milliseconds(Int64.random(in: 100...9000, using: &choice)))
            let index = Int.random(in: 0...1, using: &choice)
            let peer = index == 0 ? Simulation.tokyo : Simulation.berlin
            switch Int.random(in: 0...9, using: &choice) {
            case 0: simulation.restart(index)
            case 1, 2: simulation.act(index) { $0.rekey(peer: peer, .ike, now: $1, random: &$2) }
            case 3, 4: simulation.act(index) { $0.rekey(peer: peer, .child, now: $1, random: &$2) }
            case 5:
                for index in [0, 1] {
                    let peer = index == 0 ? Simulation.tokyo : Simulation.berlin
                    simulation.act(index) { $0.rekey(peer: peer, seed % 2 == 0 ? .ike : .child, now: $1, random: &$2) }
                }
            case 6:
                simulation.act(index) { $0.removePeer(peer, now: $1, random: &$2) }
                simulation.configure([index])
            case 7: simulation.weather.loss = 1
            case 8: simulation.weather = .storm
            default: simulation.exchangeTraffic()
            }
        }
        simulation.weather = .fair
        for _ in 0..<60 {
            simulation.run(for: .seconds(1))
            simulation.exchangeTraffic()
        }
        if parameters.child.lifetimeSeconds == 600, parameters.ike.lifetimeSeconds == 3000 {
            simulation.run(for: .seconds(8))
            #expect(simulation.discord == [], "seed \(seed)")
        } else {
            // Rekeys go on: what must hold at every moment is that both ends can send, and are understood.
            let outages = simulation.gateways.map(\.outages)
            for _ in 0..<200 {
                simulation.run(for: .milliseconds(100))
                simulation.exchangeTraffic()
            }
            #expect(simulation.gateways.map(\.outages) == outages, "seed \(seed)")
            #expect(simulation.gateways.flatMap(\.faults) == [], "seed \(seed)")
        }
    }

    @Test("a restarted end is back within ten seconds, whichever it is", arguments: [0, 1], [1, 2, 3] as [UInt64])
    func restart(index: Int, seed: UInt64) {
        var simulation = Simulation(seed: seed)
        simulation.configure()
        simulation.run(for: .seconds(30))
        simulation.restart(index)
        for _ in 0..<90 {
            simulation.exchangeTraffic()
            simulation.run(for: .milliseconds(100))
        }
        #expect(simulation.discord == [])
    }

    @Test("a dead peer is noticed, its SAs go, and the link returns with it", arguments: [0, 1])
    func liveness(dead: Int) {
        var simulation = Simulation()
        simulation.configure()
        simulation.run(for: .seconds(5))
        simulation.weather.loss = 1
        simulation.run(for: .seconds(40))
        #expect(simulation.gateways.allSatisfy { $0.inbound.isEmpty && $0.outbound.isEmpty })
        #expect(simulation.states.allSatisfy { $0.state != .established })
        #expect(simulation.gateways[dead].events.contains { $0.kind == .peerDead })
        simulation.weather.loss = 0
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [])
    }

    @Test("an idle link is asked for life, a busy one is not")
    func idleOnly() {
        var simulation = Simulation()
        simulation.configure()
        simulation.run(for: .seconds(2))
        let sent = simulation.gateways[0].sent.count
        for _ in 0..<60 {
            simulation.exchangeTraffic()
            simulation.run(for: .seconds(1))
        }
        #expect(simulation.gateways[0].sent.count == sent)
        simulation.run(for: .seconds(60))
        #expect(simulation.gateways[0].sent.count > sent)
    }

    @Test("an attempt repeats often enough that a link is up within ten seconds of its peer")
    func patience() {
        var simulation = Simulation()
        simulation.configure([0])
        simulation.run(for: .seconds(600))
        simulation.configure([1])
        simulation.run(for: .seconds(8))
        #expect(simulation.discord == [])
    }

    @Test("the same datagrams again, all of them, change nothing")
    func replay() {
        var simulation = Simulation()
        simulation.configure()
        simulation.run(for: .seconds(2))
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .child, now: $1, random: &$2) }
        simulation.run(for: .seconds(12))
        let added = simulation.gateways.map(\.everAdded.count)
        let old = simulation.gateways.map(\.sent)
        for datagram in old[0] + old[1] { simulation.launch(datagram) }
        simulation.run(for: .seconds(5))
        #expect(simulation.gateways.map(\.everAdded.count) == added)
        #expect(simulation.discord == [])
    }
}
