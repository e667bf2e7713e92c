import ESP
import Foundation
import SeededRandom
import Testing
import WarrenModel

@testable import IKEv2

@Suite("Changes of a link")
struct ChangeTests {
    private func established(
        _ change: LinkChange, seed: UInt64 = 1, configuration: IKEConfiguration = IKEConfiguration()
    ) -> Simulation {
        var simulation = Simulation(seed: seed, configuration: configuration)
        for index in [0, 1] { simulation.lead(index, to: .before, of: change) }
        simulation.run(for: .seconds(2))
        return simulation
    }

    private func inUse(_ simulation: Simulation, _ index: Int) -> IKESA? {
        let peer = index == 0 ? Simulation.tokyo : Simulation.berlin
        guard let current = simulation.gateways[index].engine.peers[peer]?.current else { return nil }
        return simulation.gateways[index].engine.activeSAs(of: peer).first { $0.identity.ours == current }
    }

    /// What runs, when both ends are to run `way`.
    private func faults(_ simulation: Simulation, _ change: LinkChange) -> [String] {
        var faults = simulation.discord
        for index in [0, 1] {
            let peer = index == 0 ? Simulation.tokyo : Simulation.berlin
            guard let sa = inUse(simulation, index), let state = simulation.gateways[index].engine.peers[peer] else {
                faults.append("\(index) has no IKE SA")
                continue
            }
            if !state.prefers(sa) { faults.append("\(index) does not run what it prefers") }
            let isInUDP = change.new.parameters.encapsulation == .auto
            if sa.children.contains(where: { $0.outbound.udpEncapsulation != isInUDP }) {
                faults.append("\(index) carries ESP otherwise")
            }
        }
        return faults
    }

    @Test("expand renegotiates nothing, switch does once, contract nothing", arguments: LinkChange.Kind.allCases, [0, 1])
    func steps(kind: LinkChange.Kind, first: Int) {
        let change = LinkChange(kind)
        var simulation = established(change)
        func messages() -> [Int] { simulation.gateways.map(\.sent.count) }
        let before = messages()
        for index in [first, 1 - first] {
            simulation.lead(index, to: .expand, of: change)
            simulation.flow(3000)
        }
        #expect(messages() == before)
        for index in [first, 1 - first] {
            simulation.lead(index, to: .switch, of: change)
            simulation.flow(4000)
        }
        simulation.flow(8000)
        #expect(faults(simulation, change) == [])
        // One child SA more at each end, and none after that.
        #expect(simulation.gateways.map(\.everAdded.count) == [4, 4])
        let switched = messages()
        for index in [first, 1 - first] {
            simulation.lead(index, to: .contract, of: change)
            simulation.flow(3000)
        }
        #expect(messages() == switched)
        #expect(faults(simulation, change) == [])
        #expect(simulation.lostPackets == 0 && simulation.sentPackets > 1000)
    }

    @Test("what was made under a key that is lost ends at once, and only there", arguments: [true, false], [0, 1])
    func lostKey(isLost: Bool, first: Int) {
        var change = LinkChange(.key)
        change.isKeyLost = isLost
        var simulation = established(change)
        simulation.lead(first, to: .contract, of: change)
        let gateway = simulation.gateways[first]
        #expect(gateway.inbound.isEmpty == isLost && gateway.outbound.isEmpty == isLost)
        // Whoever has the former key gets nothing with it.
        simulation.run(for: .seconds(30))
        #expect(simulation.gateways[first].inbound.isEmpty == isLost)
        let lost = simulation.lostPackets
        simulation.flow(1000, from: [1 - first])
        #expect((simulation.lostPackets == lost) == !isLost)

        simulation.lead(1 - first, to: .contract, of: change)
        simulation.run(for: .seconds(30))
        #expect(faults(simulation, change) == [])
        // The floor stays where it is, and ends nothing any more.
        let added = simulation.gateways.map(\.everAdded.count)
        simulation.lead(first, to: .contract, of: change)
        simulation.flow(2000)
        #expect(simulation.gateways.map(\.everAdded.count) == added)
    }

    @Test("each end says whether what runs is what it prefers", arguments: LinkChange.Kind.allCases, [0, 1])
    func preferences(kind: LinkChange.Kind, first: Int) {
        let change = LinkChange(kind)
        var simulation = established(change)
        func preferences() -> [Bool?] {
            [first, 1 - first].map { simulation.gateways[$0].engine.reports(now: simulation.now)[0].runsAsPreferred }
        }
        for index in [0, 1] { simulation.lead(index, to: .expand, of: change) }
        simulation.flow(3000)
        #expect(preferences() == [true, true])
        // Nobody answers: what stands carries on, and is not what the first end prefers.
        simulation.weather.loss = 1
        simulation.lead(first, to: .switch, of: change)
        simulation.flow(5000)
        #expect(preferences() == [false, true] && simulation.lostPackets == 0)
        simulation.weather = .fair
        simulation.flow(20_000)
        #expect(preferences() == [true, false])
        simulation.lead(1 - first, to: .switch, of: change)
        simulation.flow(3000)
        #expect(preferences() == [true, true])
        simulation.forgetAll(first)
        simulation.lead(first, to: .switch, of: change)
        #expect(preferences()[0] == nil)
    }

    @Test(
        "no order, delay, direction of traffic or weather of IKE loses a packet, and the new way stands in the end",
        arguments: Seeds.range(48) + [510, 2076, 5663, 12_440, 15_870, 16_539])
    func anyOrder(seed: UInt64) {
        var choice = SeededNumbers(seed: seed &+ 4711)
        let change = LinkChange(LinkChange.Kind.allCases[Int(seed % 8)])
        var configuration = IKEConfiguration()
        configuration.requestTries = 14
        var simulation = established(change, seed: seed, configuration: configuration)
        let isStormy = seed / 8 % 2 == 1
        if isStormy {
            simulation.weather = Weather(
                loss: 0.15, duplication: 0.2, minimumDelay: .milliseconds(5), maximumDelay: .milliseconds(400))
        }
        let senders = [[0, 1], [0, 1], [0], [1]][Int(seed / 16 % 4)]
        var steps: [LinkChange.Step] = [.expand, .switch, .contract]
        // A roll-out that goes back, and tries again.
        if seed % 5 == 0 { steps.insert(contentsOf: [.expand, .switch], at: 2) }
        for step in steps {
            let first = Int.random(in: 0...1, using: &choice)
            for index in [first, 1 - first] {
                simulation.lead(index, to: step, of: change)
                if seed % 3 == 0 {
                    // Lifetimes end when they do.
                    let end = Int.random(in: 0...1, using: &choice), peer = end == 0 ? Simulation.tokyo : Simulation.berlin
                    let target = Bool.random(using: &choice) ? IKEEngine.RekeyTarget.child : .ike
                    simulation.act(end) { $0.rekey(peer: peer, target, now: $1, random: &$2) }
                }
                simulation.flow([0, 20, 200, 2000, 15_000].randomElement(using: &choice)!, from: senders)
            }
        }
        simulation.weather = .fair
        simulation.flow(30_000, from: senders)
        // What an end began and gave up is forgotten when the other has asked for it often enough.
        simulation.run(for: .seconds(60))
        #expect(faults(simulation, change) == [], "seed \(seed), \(change.kind)")
        #expect(simulation.lostPackets == 0, "seed \(seed), \(change.kind), \(senders)")
        // Nobody renegotiates back and forth.
        let made = simulation.gateways[0].events.filter { $0.kind == .established }.count
        #expect(made <= (isStormy ? 12 : 8), "seed \(seed), \(change.kind)")
    }

    @Test(
        "an end that crashes in the middle of a change is led on, and the new way stands",
        arguments: Seeds.range(16) + [12_382])
    func crash(seed: UInt64) {
        var choice = SeededNumbers(seed: seed &+ 99)
        let change = LinkChange(LinkChange.Kind.allCases[Int(seed % 8)])
        var simulation = established(change, seed: seed)
        let crashing = Int.random(in: 0..<6, using: &choice)
        var turn = 0
        for step in [LinkChange.Step.expand, .switch, .contract] {
            let first = Int.random(in: 0...1, using: &choice)
            for index in [first, 1 - first] {
                simulation.lead(index, to: step, of: change)
                simulation.flow([0, 20, 60, 400, 3000].randomElement(using: &choice)!)
                if turn == crashing {
                    simulation.forgetAll(index)
                    simulation.lead(index, to: step, of: change)
                    simulation.flow([0, 60, 3000].randomElement(using: &choice)!)
                }
                turn += 1
            }
        }
        simulation.flow(20_000)
        let lost = simulation.lostPackets
        simulation.flow(20_000)
        simulation.run(for: .seconds(40))
        #expect(faults(simulation, change) == [], "seed \(seed), \(change.kind)")
        #expect(simulation.lostPackets == lost, "seed \(seed), \(change.kind)")
    }

    @Test("ends in different steps stay as they are, for good", arguments: LinkChange.Kind.allCases, [0, 1])
    func differentSteps(kind: LinkChange.Kind, ahead: Int) {
        let change = LinkChange(kind)
        var simulation = established(change)
        for index in [0, 1] { simulation.lead(index, to: .expand, of: change) }
        simulation.lead(ahead, to: .switch, of: change)
        simulation.flow(20_000)
        let made = simulation.gateways.map(\.everAdded.count)
        let settled = simulation.gateways.map(\.currentOutbound)
        simulation.flow(120_000)
        #expect(simulation.gateways.map(\.everAdded.count) == made)
        // A rekey of what runs stays what runs, whichever end asks for it.
        let before = inUse(simulation, 0)?.children.first
        for index in [0, 1] {
            for target in [IKEEngine.RekeyTarget.child, .ike] {
                let peer = index == 0 ? Simulation.tokyo : Simulation.berlin
                simulation.act(index) { $0.rekey(peer: peer, target, now: $1, random: &$2) }
                simulation.flow(15_000)
            }
        }
        let after = inUse(simulation, 0)?.children.first
        #expect(simulation.gateways.map(\.currentOutbound) != settled)
        #expect(after?.inbound.mode == before?.inbound.mode && after?.inbound.encryption == before?.inbound.encryption)
        #expect(after?.outbound.selectors == before?.outbound.selectors && after != nil)
        #expect(simulation.lostPackets == 0)
        #expect(simulation.discord == [])
    }

    @Test("a link that is down comes up whatever steps its ends are in", arguments: LinkChange.Kind.allCases)
    func fromNothing(kind: LinkChange.Kind) {
        let change = LinkChange(kind)
        for (here, there) in [
            (LinkChange.Step.before, LinkChange.Step.expand), (.expand, .before), (.expand, .switch), (.switch, .expand),
            (.switch, .contract), (.contract, .switch),
        ] {
            var simulation = Simulation()
            simulation.lead(0, to: here, of: change)
            simulation.lead(1, to: there, of: change)
            simulation.run(for: .seconds(10))
            #expect(simulation.discord == [], "\(here) \(there)")
        }
    }

    @Test("a key that is not accepted proves nothing, whichever keys are")
    func wrongKey() {
        let change = LinkChange(.key)
        var simulation = Simulation()
        simulation.lead(0, to: .contract, of: change)
        simulation.lead(1, to: .before, of: change)
        simulation.run(for: .seconds(20))
        #expect(simulation.gateways.allSatisfy { $0.everAdded.isEmpty })
        simulation.lead(1, to: .expand, of: change)
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [])
        #expect(inUse(simulation, 1)?.key == LinkChange.keys[2])
    }

    @Test("without one of its keys a peer is not configured")
    func missingKey() {
        let change = LinkChange(.key)
        var simulation = established(change)
        let peer = change.peer(of: 0, at: .expand)
        simulation.act(0) { $0.setPeer(peer, keys: [peer.key: LinkChange.keys[1]!], now: $1, random: &$2) }
        #expect(simulation.gateways[0].engine.peers[Simulation.tokyo]?.peer.alternatives == [])
        #expect(simulation.discord == [])
    }

    @Test("new lifetimes alone make new SAs without a gap")
    func lifetimes() {
        var simulation = Simulation()
        simulation.configure()
        simulation.run(for: .seconds(2))
        simulation.parameters[0].child.lifetimeSeconds = 900
        simulation.configure([0])
        simulation.flow(20_000)
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.everAdded.count) == [4, 4])
        #expect(simulation.lostPackets == 0)
    }
}

/// The made-up runs that a test does: few by default; where there is time, as many as `WARREN_SEEDS` says, or those from one
/// seed to another (`5000-9999`).
private enum Seeds {
    static func range(_ standard: UInt64) -> [UInt64] {
        let given = ProcessInfo.processInfo.environment["WARREN_SEEDS"] ?? ""
        let numbers = given.split(separator: "-").compactMap { UInt64($0) }
        if numbers.count == 2, numbers[0] <= numbers[1] { return Array(numbers[0]...numbers[1]) }
        return Array(0..<(numbers.first ?? standard))
    }
}
