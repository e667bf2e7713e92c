import ESP
import SeededRandom
import Testing
import WarrenModel

@testable import IKEv2

@Suite("A child SA for each queue (RFC 9611)")
struct QueueTests {
    private func established(
        _ queues: [Int], seed: UInt64 = 1, parameters: IPsecParameters = IPsecParameters()
    ) -> Simulation {
        var simulation = Simulation(seed: seed, parameters: parameters, queues: queues)
        simulation.configure()
        simulation.run(for: .seconds(2))
        simulation.exchangeTraffic()
        return simulation
    }

    private func rekey(_ index: Int, _ target: IKEEngine.RekeyTarget, in simulation: inout Simulation) {
        simulation.act(index) {
            $0.rekey(peer: index == 0 ? Simulation.tokyo : Simulation.berlin, target, now: $1, random: &$2)
        }
    }

    /// Lets packets flow on every queue, and says how often fewer queues than all could send.
    private func flow(_ simulation: inout Simulation, milliseconds: Int, step: Int = 5) -> Int {
        var gaps = 0
        for _ in 0..<milliseconds / step {
            simulation.exchangeTraffic()
            let count = simulation.queues.min() ?? 1
            gaps += simulation.gateways.count { $0.associations.carriers.count < count }
            simulation.run(for: .milliseconds(Int64(step)))
        }
        return gaps
    }

    @Test(
        "there are as many as the end with fewer queues has",
        arguments: [[2, 2], [4, 4], [8, 8], [4, 2], [2, 4], [4, 1], [1, 4]],
        [IPsecMode.tunnel, .transport])
    func agreement(queues: [Int], mode: IPsecMode) {
        let simulation = established(queues, parameters: IPsecParameters(mode: mode))
        #expect(simulation.discord == [])
        for (gateway, count) in zip(simulation.gateways, queues) {
            let added = gateway.everAdded
            #expect(added.count == 2 * queues.min()!)
            #expect(added.allSatisfy { $0.mode == mode && $0.isFromAnyPort == (queues.min()! > 1) })
            for sa in added where sa.direction == .inbound && count > 1 {
                #expect(sa.spi.rawValue & PacketQueues.spiMask == UInt32(sa.queue))
            }
        }
        for report in simulation.states { #expect(report.state == .established && report.lastError == nil) }
    }

    @Test(
        "an end with one queue sends what it always sent, and says nothing of queues", arguments: [[1, 1], [1, 4], [4, 1]])
    func silence(queues: [Int]) {
        var known = Simulation(queues: [1, 1]), other = Simulation(queues: queues)
        for index in [0, 1] where queues[index] == 1 {
            known.configure()
            other.configure()
            known.run(for: .seconds(1))
            other.run(for: .seconds(1))
            #expect(known.gateways[index].sent.map(\.bytes.count) == other.gateways[index].sent.map(\.bytes.count))
        }
    }

    @Test("no more are asked for once the peer has said that it makes none", arguments: [[4, 2], [8, 3]])
    func limit(queues: [Int]) {
        var simulation = established(queues)
        let sent = simulation.gateways[0].sent.count
        #expect(flow(&simulation, milliseconds: 60_000, step: 100) == 0)
        #expect(simulation.gateways[0].sent.count == sent)
        #expect(simulation.discord == [])
    }

    @Test("a peer that asks for more than there are queues is told so, and has what it had")
    func refusal() throws {
        var simulation = established([2, 2])
        for (spi, session) in simulation.gateways[0].engine.sessions.of(Simulation.tokyo) {
            guard case .established(var sa) = session else { continue }
            sa.enqueue(.createChild(queue: 1))
            simulation.gateways[0].engine.sessions[spi] = .established(sa)
        }
        simulation.act(0) { $0.outboundNeeded(peer: Simulation.tokyo, now: $1, random: &$2) }
        simulation.run(for: .seconds(2))
        #expect(simulation.gateways[0].events.contains { $0.text.contains("TS_MAX_QUEUE") })
        #expect(simulation.discord == [])
        for report in simulation.states { #expect(report.lastError == nil) }
    }

    @Test("behind a NAT, or without UDP, there is one", arguments: [nil, 500, 5000] as [UInt16?])
    func onlyWherePortsAreFree(translated: UInt16?) {
        let parameters = translated == nil ? IPsecParameters(encapsulation: .esp) : IPsecParameters()
        var simulation = Simulation(parameters: parameters, queues: [4, 4])
        if let translated { simulation.translateBerlin(to: 6000, ikeTo: translated) }
        simulation.configure()
        simulation.run(for: .seconds(5))
        simulation.exchangeTraffic()
        for gateway in simulation.gateways {
            #expect(gateway.outbound.map(\.queue) == [0] && gateway.inbound.values.map(\.queue) == [0])
            #expect(gateway.everAdded.allSatisfy { !$0.isFromAnyPort })
        }
    }

    @Test("either end rekeys all of them, each stays in its queue, and no queue is without one", arguments: [0, 1])
    func childRekey(rekeyer: Int) {
        var simulation = established([4, 4])
        let before = simulation.gateways.map { $0.associations.carriers.map(\.spi) }
        let outages = simulation.gateways.map(\.outages)
        rekey(rekeyer, .child, in: &simulation)
        #expect(flow(&simulation, milliseconds: 12_000) == 0)
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.outages) == outages)
        for (index, gateway) in simulation.gateways.enumerated() {
            #expect(Set(gateway.associations.carriers.map(\.spi)).isDisjoint(with: before[index]))
            #expect(gateway.everAdded.count == 16)
        }
    }

    @Test("one that is used up is rekeyed, the others stay")
    func oneRekey() throws {
        var simulation = established([4, 4])
        let before = simulation.gateways[0].associations.carriers
        let worn = before[2].spi
        simulation.act(0) { $0.softLimitReached(spi: worn, peer: Simulation.tokyo, now: $1, random: &$2) }
        #expect(flow(&simulation, milliseconds: 12_000) == 0)
        #expect(simulation.discord == [])
        let after = simulation.gateways[0].associations.carriers
        #expect(zip(before, after).map { $0.spi == $1.spi } == [true, true, false, true])
    }

    @Test("both ends rekey everything at once", arguments: 0..<20 as Range<UInt64>)
    func crossing(seed: UInt64) {
        var simulation = established([4, 4], seed: seed)
        simulation.weather = Weather(minimumDelay: .milliseconds(5), maximumDelay: .milliseconds(60))
        let outages = simulation.gateways.map(\.outages)
        for index in [0, 1] {
            rekey(index, .child, in: &simulation)
            simulation.run(for: .milliseconds(Int64(seed % 4) * 10))
        }
        for index in [0, 1] { rekey(index, .ike, in: &simulation) }
        #expect(flow(&simulation, milliseconds: 20_000, step: 10) == 0)
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.outages) == outages)
    }

    @Test("a new IKE SA has one for each queue before the old one goes", arguments: [0, 1])
    func replacement(changer: Int) {
        var simulation = established([4, 4])
        let outages = simulation.gateways.map(\.outages)
        for index in [1 - changer, changer] {
            simulation.parameters[index].ike.proposals = [
                IKEProposal("aes256gcm16-prfsha256-ecp256")!, IKEProposal("aes256gcm16-prfsha384-x25519")!,
            ]
            simulation.configure([index])
        }
        #expect(flow(&simulation, milliseconds: 30_000) == 0)
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.outages) == outages)
        for report in simulation.states { #expect(report.proposal?.description == "aes256gcm16-prfsha256-ecp256") }
    }

    @Test(
        "whatever the network did and the ends did in it, when it heals each queue has its child SA",
        arguments: 0..<100 as Range<UInt64>)
    func heals(seed: UInt64) {
        var choice = SeededNumbers(seed: seed &+ 77)
        var simulation = Simulation(seed: seed, queues: [[4, 4], [2, 4], [4, 2], [3, 3]][Int(seed % 4)])
        simulation.weather = .storm
        simulation.configure()
        for _ in 0..<12 {
            simulation.run(for: .milliseconds(Int64.random(in: 100...9000, using: &choice)))
            let index = Int.random(in: 0...1, using: &choice)
            switch Int.random(in: 0...8, using: &choice) {
            case 0: simulation.restart(index)
            case 1: rekey(index, .ike, in: &simulation)
            case 2: rekey(index, .child, in: &simulation)
            case 3: for index in [0, 1] { rekey(index, seed % 2 == 0 ? .ike : .child, in: &simulation) }
            case 4: simulation.weather.loss = 1
            case 5: simulation.weather = .storm
            default: simulation.exchangeTraffic()
            }
        }
        simulation.weather = .fair
        _ = flow(&simulation, milliseconds: 60_000, step: 1000)
        simulation.run(for: .seconds(8))
        #expect(simulation.discord == [], "seed \(seed)")
    }
}
