import ESP
import Testing
import WarrenModel

@testable import IKEv2

@Suite("Making an IKE SA")
struct EstablishmentTests {
    @Test("two ends agree on one IKE SA and one child SA", arguments: IPsecMode.allCases)
    func establishes(mode: IPsecMode) {
        var simulation = Simulation(parameters: IPsecParameters(mode: mode))
        simulation.configure()
        simulation.run(for: .seconds(2))
        #expect(simulation.discord == [])
        let sa = simulation.gateways[0].everAdded[0]
        #expect(sa.mode == mode)
        #expect(sa.extendedSequenceNumbers)
        #expect(sa.keyingMaterial.count == 36)
        #expect(sa.local == Endpoint(address: Simulation.berlinAddress, port: 4500))
        #expect(sa.selectors.count == 2)
        #expect(simulation.states.allSatisfy { $0.lastError == nil })
        #expect(simulation.states[0].proposal == IKEProposal("aes256gcm16-prfsha384-x25519"))
    }

    @Test("ESP is in no UDP where both ends say so and no NAT is found", arguments: [false, true], [false, true])
    func encapsulation(areBothWilling: Bool, isTranslated: Bool) {
        for willing in areBothWilling ? [[0, 1]] : [[], [0], [1]] {
            var simulation = Simulation()
            for index in willing { simulation.parameters[index].encapsulation = .esp }
            if isTranslated { simulation.translateBerlin(to: 40_001, ikeTo: 40_002) }
            simulation.configure()
            simulation.run(for: .seconds(2))
            #expect(simulation.discord == [])
            simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .ike, now: $1, random: &$2) }
            simulation.run(for: .seconds(10))
            simulation.act(1) { $0.rekey(peer: Simulation.berlin, .child, now: $1, random: &$2) }
            simulation.run(for: .seconds(10))
            #expect(simulation.discord == [])
            for gateway in simulation.gateways {
                #expect(gateway.everAdded.count == 4)
                #expect(gateway.everAdded.allSatisfy { $0.udpEncapsulation == (!areBothWilling || isTranslated) })
            }
        }
    }

    @Test("each proposal works", arguments: EncryptionAlgorithm.allCases, KeyExchangeMethod.allCases)
    func proposals(encryption: EncryptionAlgorithm, method: KeyExchangeMethod) {
        for prf in PseudoRandomFunction.allCases {
            var parameters = IPsecParameters()
            // What does not authenticate by itself is for ESP alone.
            let ike = encryption.isAuthenticated ? encryption : .aes256gcm16
            parameters.ike.proposals = [IKEProposal(encryption: ike, prf: prf, keyExchange: method)]
            parameters.child.proposals = [ESPProposal(encryption: encryption, keyExchange: method)]
            var simulation = Simulation(parameters: parameters)
            simulation.configure()
            simulation.run(for: .seconds(2))
            #expect(simulation.discord == [])
            simulation.act(0) { $0.rekey(peer: Simulation.tokyo, .child, now: $1, random: &$2) }
            simulation.run(for: .seconds(10))
            simulation.act(1) { $0.rekey(peer: Simulation.berlin, .ike, now: $1, random: &$2) }
            simulation.run(for: .seconds(10))
            #expect(simulation.discord == [])
            let added = simulation.gateways[0].everAdded
            #expect(added.count == 4)
            #expect(
                added.allSatisfy { $0.encryption == encryption && $0.keyingMaterial.count == encryption.keyingMaterialLength })
        }
    }

    @Test("AES-CBC is taken with its integrity algorithm or not at all")
    func separateCipher() throws {
        let configured = [ESPProposal("aes256-sha256-x25519")!], spi = SPI(rawValue: 300), ours = SPI(rawValue: 400)
        let offer = Negotiation.offer(configured, spi: spi, withKeyExchange: true)
        #expect(offer[0].ids(.encryption) == [12] && offer[0].ids(.integrity) == [12])
        func choose(_ change: (inout WireProposal) -> Void) -> WireProposal? {
            var changed = offer
            change(&changed[0])
            return Negotiation.choose(changed, from: configured, spi: ours, withKeyExchange: true)?.answer
        }
        let answer = try #require(choose { _ in })
        #expect(answer.ids(.integrity) == [12])
        #expect(Negotiation.chosen([answer], from: configured, withKeyExchange: true)?.choice.encryption == .aes256sha256)
        // Among others, it is found; alone, HMAC-SHA-384 and no integrity at all are not what was configured.
        #expect(choose { $0.transforms.append(Transform(.integrity, 13)) }?.ids(.integrity) == [12])
        func integrity(_ id: UInt16?) -> WireProposal? {
            choose { proposal in
                proposal.transforms.removeAll { $0.type == Transform.Kind.integrity.rawValue }
                if let id { proposal.transforms.append(Transform(.integrity, id)) }
            }
        }
        #expect(integrity(nil) == nil && integrity(0) == nil && integrity(13) == nil)
        var two = answer
        two.transforms.append(Transform(.integrity, 13))
        #expect(Negotiation.chosen([two], from: configured, withKeyExchange: true) == nil)
        // AES-GCM needs none, and is not taken for what does.
        let combined = Negotiation.offer([ESPProposal("aes256gcm16-x25519")!], spi: spi, withKeyExchange: true)
        #expect(combined[0].ids(.integrity) == [])
        #expect(Negotiation.choose(combined, from: configured, spi: ours, withKeyExchange: true) == nil)
    }

    @Test("the first group offered is not the responder's: INVALID_KE_PAYLOAD leads to the right one")
    func invalidKE() {
        var simulation = Simulation()
        let a = IKEProposal("aes256gcm16-prfsha384-x25519")!, b = IKEProposal("aes128gcm16-prfsha256-ecp256")!
        simulation.parameters[0].ike.proposals = [a, b]
        simulation.parameters[1].ike.proposals = [b]
        simulation.configure()
        simulation.run(for: .seconds(2))
        #expect(simulation.discord == [])
        #expect(simulation.states.map(\.proposal) == [b, b])
    }

    @Test("a responder under load asks for a cookie and gets it")
    func cookie() {
        var configuration = IKEConfiguration()
        configuration.cookieThreshold = 0
        var simulation = Simulation(configuration: configuration)
        simulation.configure()
        simulation.run(for: .seconds(2))
        #expect(simulation.discord == [])
        #expect(simulation.gateways[0].sent.filter { $0.bytes[18] == 34 }.count == 2)
    }

    @Test("a wrong key is reported on both ends and nothing is installed")
    func wrongKey() {
        var simulation = Simulation()
        simulation.keys[1] = PreSharedKey(SecretBytes([1, 2, 3]))
        simulation.configure()
        simulation.run(for: .seconds(60))
        #expect(
            simulation.states.map(\.lastError) == [
                "AUTHENTICATION_FAILED: the peer did not accept our proof of the shared key of epoch 1",
                "AUTHENTICATION_FAILED: the peer did not prove the shared key of epoch 1",
            ])
        #expect(simulation.gateways.allSatisfy { $0.everAdded.isEmpty })
        simulation.keys[1] = Simulation.key
        simulation.configure([1])
        simulation.run(for: .seconds(10))
        #expect(simulation.discord == [])
        #expect(simulation.states.allSatisfy { $0.lastError == nil })
    }

    @Test("ends of different modes refuse each other, whichever is which", arguments: [0, 1])
    func mixedModes(transport: Int) {
        var simulation = Simulation()
        simulation.parameters[transport].mode = .transport
        simulation.configure()
        simulation.run(for: .seconds(30))
        #expect(simulation.gateways.allSatisfy { $0.everAdded.isEmpty })
        #expect(simulation.states.allSatisfy { $0.lastError?.hasPrefix("NO_PROPOSAL_CHOSEN") ?? false })
        simulation.parameters[1 - transport].mode = .transport
        simulation.configure([1 - transport])
        simulation.run(for: .seconds(15))
        #expect(simulation.discord == [])
    }

    @Test("no common proposal: nothing stands, both say why, and a repaired configuration is picked up")
    func noProposal() {
        var simulation = Simulation()
        simulation.parameters[1].ike.proposals = [IKEProposal("aes128gcm16-prfsha256-ecp256")!]
        simulation.configure()
        simulation.run(for: .seconds(30))
        #expect(simulation.states.allSatisfy { $0.lastError?.hasPrefix("NO_PROPOSAL_CHOSEN") ?? false })
        simulation.parameters[1] = simulation.parameters[0]
        simulation.configure([1])
        simulation.run(for: .seconds(15))
        #expect(simulation.discord == [])
    }

    @Test("the responder alone does not start, and setting an equal peer again does nothing")
    func responderWaits() {
        var simulation = Simulation()
        simulation.configure([1])
        simulation.act(1) { $0.outboundNeeded(peer: Simulation.berlin, now: $1, random: &$2) }
        simulation.run(for: .seconds(30))
        #expect(simulation.gateways[1].sent.isEmpty)
        #expect(simulation.states.last?.state == .idle)
        simulation.configure([0])
        simulation.run(for: .seconds(2))
        let sent = simulation.gateways.map(\.sent.count)
        simulation.configure()
        #expect(simulation.gateways.map(\.sent.count) == sent)
        #expect(simulation.discord == [])
    }

    @Test("large messages travel in fragments when both ends can", arguments: [0.0, 0.3])
    func fragments(loss: Double) {
        var configuration = IKEConfiguration()
        configuration.fragmentLength = 150
        var simulation = Simulation(seed: 5, configuration: configuration)
        simulation.weather = Weather(loss: loss, duplication: 0.2, maximumDelay: .milliseconds(80))
        simulation.configure()
        simulation.run(for: .seconds(40))
        #expect(simulation.discord == [])
        let protected = simulation.gateways.flatMap(\.sent).filter { $0.bytes[18] != 34 }
        #expect(protected.allSatisfy { $0.bytes.count <= 150 })
        #expect(protected.contains { $0.bytes[16] == 53 })
    }
}
