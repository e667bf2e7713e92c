import ESP
import Testing
import WarrenModel

@testable import IKEv2

@Suite("Rekeys and deletes")
struct RekeyTests {
    private func established(seed: UInt64 = 1, parameters: IPsecParameters = IPsecParameters()) -> Simulation {
        var simulation = Simulation(seed: seed, parameters: parameters)
        simulation.configure()
        simulation.run(for: .seconds(2))
        return simulation
    }

    @Test("either end rekeys the child SA without a packet lost", arguments: [0, 1])
    func child(rekeyer: Int) {
        var simulation = established()
        let before = simulation.gateways.map(\.currentOutbound)
        let outages = simulation.gateways.map(\.outages)
        simulation.act(rekeyer) {
            $0.rekey(peer: rekeyer == 0 ? Simulation.tokyo : Simulation.berlin, .child, now: $1, random: &$2)
        }
        for _ in 0..<2000 {
            simulation.exchangeTraffic()
            simulation.run(for: .milliseconds(5))
        }
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.currentOutbound) != before)
        #expect(simulation.gateways.map(\.outages) == outages)
    }

    @Test("either end rekeys the IKE SA; the child SA stays, and can still be rekeyed", arguments: [0, 1])
    func ike(rekeyer: Int) {
        var simulation = established()
        let before = simulation.gateways.map(\.currentOutbound)
        let sessions = Set(simulation.gateways[0].engine.sessions.keys)
        simulation.act(rekeyer) {
            $0.rekey(peer: rekeyer == 0 ? Simulation.tokyo : Simulation.berlin, .ike, now: $1, random: &$2)
        }
        simulation.run(for: .seconds(1))
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.currentOutbound) == before)
        #expect(simulation.gateways[0].engine.peers[Simulation.tokyo]?.current.map { sessions.contains($0) } == false)
        for index in [0, 1] {
            simulation.act(index) {
                $0.rekey(peer: index == 0 ? Simulation.tokyo : Simulation.berlin, .child, now: $1, random: &$2)
            }
            simulation.run(for: .seconds(1))
            // At once, also at the end that did not rekey the IKE SA: the old one is gone.
            #expect(simulation.gateways[0].everAdded.count == 4 + 2 * index)
            simulation.run(for: .seconds(11))
            #expect(simulation.discord == [])
        }
    }

    @Test("both ends rekey the child SA at once: the lowest nonce loses, no packet does", arguments: 0..<40 as Range<UInt64>)
    func crossingChildRekeys(seed: UInt64) {
        var simulation = established(seed: seed)
        simulation.weather = Weather(minimumDelay: .milliseconds(5), maximumDelay: .milliseconds(60))
        let outages = simulation.gateways.map(\.outages)
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .child, now: $1, random: &$2) }
        simulation.run(for: .milliseconds(Int64(seed % 4) * 10))
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .child, now: $1, random: &$2) }
        for _ in 0..<1500 {
            simulation.exchangeTraffic()
            simulation.run(for: .milliseconds(10))
        }
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.outages) == outages)
    }

    @Test("both ends rekey the IKE SA at once", arguments: 0..<40 as Range<UInt64>)
    func crossingIKERekeys(seed: UInt64) {
        var simulation = established(seed: seed)
        simulation.weather = Weather(minimumDelay: .milliseconds(5), maximumDelay: .milliseconds(60))
        let before = simulation.gateways.map(\.currentOutbound)
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .ike, now: $1, random: &$2) }
        simulation.run(for: .milliseconds(Int64(seed % 4) * 10))
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .ike, now: $1, random: &$2) }
        simulation.run(for: .seconds(45))
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.currentOutbound) == before)
        for gateway in simulation.gateways { #expect(gateway.engine.sessions.count == 1) }
        let ours = simulation.gateways.map {
            $0.engine.activeSAs(of: $0.name == Simulation.berlin ? Simulation.tokyo : Simulation.berlin)
        }
        #expect(ours[0].first?.identity.initiatorSPI == ours[1].first?.identity.initiatorSPI)
        #expect(ours[0].first?.keys == ours[1].first?.keys)
    }

    @Test(
        "the peer deletes a child SA on its new IKE SA before its answer to our crossing rekey is here",
        arguments: 0..<40 as Range<UInt64>)
    func crossingIKERekeysAndDelete(seed: UInt64) {
        var simulation = established(seed: seed)
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .child, now: $1, random: &$2) }
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .ike, now: $1, random: &$2) }
        simulation.run(for: .milliseconds(15))
        // Tokyo's delete of the child SA that it has replaced waits behind its rekey of the IKE SA, which ours crosses.
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .ike, now: $1, random: &$2) }
        simulation.filter = { datagram in
            let isResponse = datagram.bytes[19] & 0x20 != 0
            return datagram.local.address != Simulation.tokyoAddress || !isResponse
        }
        simulation.run(for: .milliseconds(15))
        simulation.filter = { _ in true }
        simulation.run(for: .seconds(45))
        #expect(simulation.discord == [])
        for gateway in simulation.gateways { #expect(gateway.engine.sessions.count == 1) }
    }

    @Test("one end rekeys the IKE SA while the other rekeys the child SA", arguments: 0..<30 as Range<UInt64>)
    func mixedCrossing(seed: UInt64) {
        var simulation = established(seed: seed)
        simulation.weather = Weather(minimumDelay: .milliseconds(5), maximumDelay: .milliseconds(60))
        let rekeyer = Int(seed % 2)
        simulation.act(rekeyer) {
            $0.rekey(peer: rekeyer == 0 ? Simulation.tokyo : Simulation.berlin, .ike, now: $1, random: &$2)
        }
        simulation.run(for: .milliseconds(Int64(seed % 5) * 8))
        simulation.act(1 - rekeyer) {
            $0.rekey(peer: rekeyer == 0 ? Simulation.berlin : Simulation.tokyo, .child, now: $1, random: &$2)
        }
        simulation.run(for: .seconds(50))
        #expect(simulation.discord == [])
    }

    @Test("short lifetimes: an hour of rekeys from both ends, in a bad network, loses no SA", arguments: [1, 2, 3] as [UInt64])
    func soak(seed: UInt64) {
        var parameters = IPsecParameters()
        parameters.child.lifetimeSeconds = 20
        parameters.ike.lifetimeSeconds = 61
        var simulation = established(seed: seed, parameters: parameters)
        simulation.weather = Weather(
            loss: 0.05, duplication: 0.1, minimumDelay: .milliseconds(5), maximumDelay: .milliseconds(120))
        var outages = 0
        for _ in 0..<3600 {
            simulation.run(for: .seconds(1))
            simulation.exchangeTraffic()
        }
        outages = simulation.gateways.map(\.outages).reduce(0, +)
        simulation.weather = .fair
        simulation.run(for: .seconds(40))
        #expect(simulation.gateways.flatMap(\.faults) == [])
        #expect(outages <= 2)
        #expect(simulation.gateways[0].events.filter { $0.kind == .childRekeyed }.count > 150)
        #expect(simulation.gateways[0].events.filter { $0.kind == .ikeRekeyed }.count > 40)
    }

    @Test("a child SA past its soft byte limit is rekeyed, whichever half says so")
    func softLimit() {
        var simulation = established()
        let inbound = simulation.gateways[1].inbound.keys.first!
        simulation.act(1) { $0.softLimitReached(spi: inbound, peer: Simulation.berlin, now: $1, random: &$2) }
        simulation.act(1) { $0.softLimitReached(spi: inbound, peer: Simulation.berlin, now: $1, random: &$2) }
        simulation.run(for: .seconds(12))
        #expect(simulation.discord == [])
        #expect(simulation.gateways[0].everAdded.count == 4)
        let outbound = simulation.gateways[0].currentOutbound!
        simulation.act(0) { $0.softLimitReached(spi: outbound, peer: Simulation.tokyo, now: $1, random: &$2) }
        simulation.run(for: .seconds(12))
        #expect(simulation.gateways[0].everAdded.count == 6)
        #expect(simulation.discord == [])
    }

    /// The peer repeats its request, and each time puts off when the new SA is sent on, past the time to rekey that one.
    @Test("an answerer of a rekey whose answers are lost waits at rest")
    func lostAnswers() {
        var parameters = IPsecParameters()
        parameters.child.lifetimeSeconds = 15
        var simulation = established(parameters: parameters)
        simulation.filter = { $0.local.address != Simulation.tokyoAddress }
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .child, now: $1, random: &$2) }
        simulation.run(for: .seconds(25))
        #expect(simulation.gateways[1].everAdded.filter { $0.direction == .inbound }.count == 2)
        #expect(simulation.gateways.flatMap(\.faults) == [])
        simulation.filter = { _ in true }
        simulation.run(for: .seconds(10))
        #expect(simulation.states.allSatisfy { $0.state == .established })
    }

    @Test("a peer that is removed is deleted on the other end, which begins anew when it is the initiator")
    func removal() {
        var simulation = established()
        simulation.act(1) { $0.removePeer(Simulation.berlin, now: $1, random: &$2) }
        simulation.run(for: .seconds(10))
        #expect(simulation.gateways.allSatisfy { $0.inbound.isEmpty && $0.outbound.isEmpty })
        #expect(simulation.states.map(\.state) == [.connecting])
        simulation.configure([1])
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [])
        simulation.act(0) { $0.deleteAll(now: $1, random: &$2) }
        simulation.run(for: .seconds(20))
        #expect(simulation.gateways.allSatisfy { $0.inbound.isEmpty && $0.outbound.isEmpty })
        #expect(simulation.states.map(\.state) == [.idle])
    }

    @Test("a new key, set on both ends at different times, replaces the SAs without a gap", arguments: [0, 1])
    func newKey(first: Int) {
        var simulation = established()
        let outages = simulation.gateways.map(\.outages)
        let key = PreSharedKey(SecretBytes([9, 9, 9]))
        let before = simulation.gateways[0].everAdded.count
        for index in [first, 1 - first] {
            simulation.keys[index] = key
            simulation.configure([index])
            for _ in 0..<200 {
                simulation.exchangeTraffic()
                simulation.run(for: .milliseconds(50))
            }
        }
        simulation.run(for: .seconds(20))
        #expect(simulation.discord == [])
        #expect(simulation.gateways[0].everAdded.count > before)
        #expect(simulation.gateways.map(\.outages) == outages)
    }
}
