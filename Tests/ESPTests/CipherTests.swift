import Testing
import WarrenModel

@testable import ESP

/// Every cipher, by every library that computes it: they must agree on every byte.
@Suite struct CipherTests {
    private func material(_ encryption: EncryptionAlgorithm) -> [UInt8] {
        Array((keyAndSalt + keyAndSalt).suffix(encryption.keyingMaterialLength))
    }

    struct Pair: Sendable {
        let sender: CipherLibrary
        let receiver: CipherLibrary
    }

    static let pairs = CipherLibrary.allCases.flatMap { sender in
        CipherLibrary.allCases.filter { $0 != sender }.map { Pair(sender: sender, receiver: $0) }
    }

    @Test(arguments: EncryptionAlgorithm.allCases, pairs)
    func librariesAgree(_ encryption: EncryptionAlgorithm, _ libraries: Pair) throws {
        let key = material(encryption)
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound, encryption: encryption, material: key), library: libraries.sender)
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound, encryption: encryption, material: key), library: libraries.receiver)
        for count in [Int](0...70) + [255, 256, 257] + [Int](760...770) + [1023, 1024, 1438, 9000, 65_000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            #expect(try open(seal(payload, sender), receiver) == payload)
        }
    }

    /// A payload that stands elsewhere makes the packet that it makes in its place; around it, and in it, every byte stays.
    @Test(arguments: EncryptionAlgorithm.allCases, CipherLibrary.allCases)
    func aPayloadMayStandElsewhere(_ encryption: EncryptionAlgorithm, _ library: CipherLibrary) throws {
        let key = material(encryption)
        func sender() throws -> OutboundAssociation<PacketCipher> {
            try OutboundAssociation(association(.outbound, encryption: encryption, material: key), library: library)
        }
        let inPlace = try sender(), fromElsewhere = try sender(), margin = 24
        for count in [Int](0...70) + [1023, 1024, 1438, 65_000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            let around = [UInt8](repeating: 0x5a, count: margin)
            var source = around + payload + around
            var packet = [UInt8](repeating: 0xee, count: fromElsewhere.layout.sealedLength(payload: count) + 1)
            let reason = source.withUnsafeMutableBytes { source in
                packet.withUnsafeMutableBytes {
                    fromElsewhere.seal($0.baseAddress!, from: source.baseAddress! + margin, payload: count, nextHeader: 4)
                }
            }
            #expect(reason == nil)
            #expect(source == around + payload + around)
            #expect(packet == (try seal(payload, inPlace)) + [0xee])
        }
    }

    @Test(arguments: EncryptionAlgorithm.allCases, CipherLibrary.allCases)
    func aFlippedBitAnywhereIsDropped(_ encryption: EncryptionAlgorithm, _ library: CipherLibrary) throws {
        let key = material(encryption)
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound, encryption: encryption, material: key), library: library)
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound, encryption: encryption, material: key), library: library)
        let packet = try seal(Array(0..<200), sender)
        for bit in (ESP.headerLength * 8)..<(packet.count * 8) {
            var forged = packet
            forged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: Dropped(reason: .integrity)) { try open(forged, receiver) }
        }
        #expect(try open(packet, receiver) == Array(0..<200))
    }

    @Test(arguments: EncryptionAlgorithm.allCases, CipherLibrary.allCases)
    func aKeyOfAnotherLengthIsRefused(_ encryption: EncryptionAlgorithm, _ library: CipherLibrary) {
        for count in 0...65 where count != encryption.keyLength + encryption.integrityKeyLength {
            [UInt8](repeating: 7, count: count).withUnsafeBytes { key in
                _ = #expect(throws: AEADError.keyLength(count)) {
                    try PacketCipher(encryption, key: key, direction: .seal, library: library)
                }
            }
        }
    }

    /// RFC 7634, appendix A.
    @Test(arguments: CipherLibrary.allCases)
    func chaChaOpensThePacketOfItsRFC(_ library: CipherLibrary) throws {
        let material = [UInt8](0x80...0x9f) + bytes("a0a1a2a3")
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound, encryption: .chacha20poly1305, material: material, spi: 0x0102_0304), library: library)
        let packet = bytes(
            """
            0102030400000005101112131415161724039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95df\
            ab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43
            """)
        let payload = bytes(
            """
            45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\
            202122232425262728292a2b2c2d2e2f3031323334353637
            """)
        #expect(try open(packet, receiver) == payload)
    }
}
