import Testing
import WarrenModel
import WarrenPlan

@Suite struct PathMTUTests {
    /// Measured with real kernels over paths of 1500 bytes.
    @Test(arguments: [
        (AddressFamily.ipv4, IPsecMode.transport, false, 1446), (.ipv4, .transport, true, 1438),
        (.ipv4, .tunnel, false, 1426), (.ipv4, .tunnel, true, 1418),
        (.ipv6, .transport, false, 1426), (.ipv6, .transport, true, 1418),
        (.ipv6, .tunnel, false, 1386), (.ipv6, .tunnel, true, 1378),
    ])
    func isWhatIsLeftOfThePath(family: AddressFamily, mode: IPsecMode, udp: Bool, expected: Int) {
        for encryption in EncryptionAlgorithm.authenticated {
            let mtu = PathMTU.largestInnerPacket(
                outerFamily: family, mode: mode, udpEncapsulation: udp, encryption: encryption)
            #expect(mtu == expected)
        }
    }

    /// Between kernels ESP is in no UDP unless there is a NAT, which the plan does not know.
    @Test func encapsulationSaysWhatIsLeft() {
        func left(_ encapsulation: ESPEncapsulation, isEmbedded: Bool) -> Int {
            PathMTU.largestInnerPacket(
                of: IPsecParameters(encapsulation: encapsulation), outerFamily: .ipv4,
                udpEncapsulation: encapsulation.usesUDP(isEmbedded: isEmbedded))
        }
        #expect(left(.auto, isEmbedded: true) == 1418 && left(.auto, isEmbedded: false) == 1426)
        #expect(left(.esp, isEmbedded: true) == 1426 && left(.esp, isEmbedded: false) == 1426)
    }

    /// One byte more would not fit, counted the other way round: from the inner packet to the wire.
    @Test(arguments: 1280...1510) func theLargestPacketFitsAndTheNextDoesNot(path: Int) {
        for family in AddressFamily.allCases {
            for mode in IPsecMode.allCases {
                for udp in [false, true] {
                    for (encryption, iv, block) in [(EncryptionAlgorithm.aes256gcm16, 8, 4), (.aes128sha256, 16, 16)] {
                        let mtu = PathMTU.largestInnerPacket(
                            pathMTU: path, outerFamily: family, mode: mode, udpEncapsulation: udp, encryption: encryption)
                        #expect(onTheWire(mtu, family, mode, udp, iv, block) <= path)
                        #expect(onTheWire(mtu + 1, family, mode, udp, iv, block) > path)
                    }
                }
            }
        }
    }

    private func onTheWire(
        _ inner: Int, _ family: AddressFamily, _ mode: IPsecMode, _ udp: Bool, _ iv: Int, _ block: Int
    ) -> Int {
        let payload = inner + (mode == .tunnel ? family.headerLength : 0) + 2
        let padded = (payload + block - 1) / block * block
        return family.headerLength + (udp ? 8 : 0) + 8 + iv + padded + 16
    }

    @Test func aTinyPathCarriesNothing() {
        for path in [-1, 0, 20, 77] {
            let mtu = PathMTU.largestInnerPacket(
                pathMTU: path, outerFamily: .ipv4, mode: .tunnel, udpEncapsulation: true, encryption: .aes256gcm16)
            #expect(mtu == 0)
        }
    }
}
