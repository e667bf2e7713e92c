import IKEv2
import Testing
import WarrenModel

/// The data plane needs nobody: no controller, no agent, no hint from outside.
@Suite("Left alone") struct StabilityTests {
    /// A hundred lifetimes of child SAs, and of IKE SAs as many as come with them; packets all the time.
    @Test(
        "a hundred lifetimes pass without a lost packet, and a restart in the end is answered", arguments: [1, 2] as [UInt64])
    func aHundredLifetimes(seed: UInt64) {
        let lifetime: UInt32 = 60
        let parameters = IPsecParameters(
            ike: IKEParameters(lifetimeSeconds: 4 * lifetime), child: ChildSAParameters(lifetimeSeconds: lifetime))
        var simulation = Simulation(seed: seed, parameters: parameters)
        simulation.configure()
        simulation.run(for: .seconds(2))
        let outages = simulation.gateways.map(\.outages), lost = simulation.lostPackets, sent = simulation.sentPackets
        let first = simulation.gateways[0].everAdded.count
        for _ in 0..<Int(lifetime) * 100 * 4 { exchange(&simulation) }
        // A replaced SA takes late packets for five seconds more.
        for _ in 0..<24 where simulation.discord != [] { exchange(&simulation) }
        #expect(simulation.sentPackets - sent >= Int(lifetime) * 100 * 4)
        #expect(simulation.lostPackets == lost)
        #expect(simulation.gateways.map(\.outages) == outages)
        #expect(simulation.discord == [])
        // Two SAs, one each way, for every lifetime.
        #expect(simulation.gateways[0].everAdded.count - first >= 200)

        simulation.restart(0)
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [])
        let before = simulation.lostPackets
        for _ in 0..<100 {
            simulation.sendPacket(from: 0)
            simulation.sendPacket(from: 1)
            simulation.run(for: .milliseconds(50))
        }
        #expect(simulation.lostPackets == before)
    }
    /// A packet each way, and a quarter of a second.
    private func exchange(_ simulation: inout Simulation) {
        simulation.sendPacket(from: 0)
        simulation.sendPacket(from: 1)
        simulation.run(for: .milliseconds(250))
    }
}
