import SeededRandom
import Testing
import WarrenModel

@testable import IKEv2

@Suite("Hostile datagrams")
struct HostileTests {
    @Test("mutants of every message of a link's life trap nothing and break nothing", arguments: 0..<10 as Range<UInt64>)
    func mutants(seed: UInt64) {
        var simulation = Simulation(seed: seed)
        simulation.configure()
        simulation.run(for: .seconds(2))
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .child, now: $1, random: &$2) }
        simulation.run(for: .seconds(8))
        simulation.act(1) { $0.rekey(peer: Simulation.berlin, .ike, now: $1, random: &$2) }
        simulation.run(for: .seconds(40))
        #expect(simulation.discord == [])
        let before = simulation.gateways.map(\.currentOutbound)
        let corpus = simulation.gateways.flatMap(\.sent)
        var random = SeededNumbers(seed: seed &+ 1000)
        for _ in 0..<400 {
            guard let original = corpus.randomElement(using: &random) else { break }
            var bytes = original.bytes
            switch Int.random(in: 0...3, using: &random) {
            case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            case 1: bytes += [UInt8](repeating: 0, count: Int.random(in: 1...40, using: &random))
            default:
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            // Half of them with a length that is right, so that they get past the header.
            if bytes.count >= 28, Bool.random(using: &random) {
                bytes.replaceSubrange(24..<28, with: [0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)])
            }
            simulation.launch(IKEDatagram(local: original.local, remote: original.remote, bytes: bytes))
            simulation.run(for: .milliseconds(20))
        }
        simulation.run(for: .seconds(40))
        #expect(simulation.discord == [])
        #expect(simulation.gateways.map(\.currentOutbound) == before)
    }

    @Test("INVALID_IKE_SPI from nobody in particular tears nothing down")
    func forgedNotify() throws {
        var simulation = Simulation()
        simulation.configure()
        simulation.run(for: .seconds(2))
        let before = simulation.gateways.map(\.currentOutbound)
        simulation.filter = { $0.local.address == Simulation.berlinAddress }
        simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .ike, now: $1, random: &$2) }
        let request = try MessageHeader(reading: try #require(simulation.gateways[0].sent.last).bytes)
        let path = try #require(simulation.gateways[0].sent.last)
        var forged = request
        forged.isResponse = true
        for type in [NotifyType.invalidIKESPI, .authenticationFailed, .invalidSyntax] {
            simulation.launch(
                IKEDatagram(
                    local: path.remote, remote: path.local, bytes: PlainMessage.encode(forged, [.notify(Notify(type))])))
        }
        simulation.run(for: .seconds(1))
        #expect(simulation.gateways.map(\.currentOutbound) == before)
        simulation.filter = { _ in true }
        simulation.run(for: .seconds(60))
        #expect(simulation.discord == [])
    }

    @Test("datagrams from strangers get no answer and make no state")
    func strangers() {
        var simulation = Simulation()
        simulation.configure()
        simulation.run(for: .seconds(2))
        let first = simulation.gateways[0].sent[0], sent = simulation.gateways[1].sent.count
        simulation.act(1) { engine, now, random in
            let stranger = Endpoint(address: IPAddress("192.0.2.99")!, port: 500)
            engine.receive(IKEDatagram(local: first.remote, remote: stranger, bytes: first.bytes), now: now, random: &random)
        }
        #expect(simulation.gateways[1].sent.count == sent)
        #expect(simulation.gateways[1].engine.sessions.count == 1)
    }
}
