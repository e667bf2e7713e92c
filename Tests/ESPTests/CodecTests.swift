import ESP
import Testing
import WarrenModel

/// Packets against values that Scapy and Python's `cryptography` computed, which agree with each other.
@Suite struct KnownPackets {
    static let payload = bytes(
        "4500003d0000400040044e86c0000201c63364024500002900070000401166b90a0100010a020001000100020015456f68656c6c6f2c2077617272656e"
    )

    struct Vector: Sendable {
        let encryption: EncryptionAlgorithm
        let material: [UInt8]
        let extended: Bool
        let sequence: UInt64
        let packet: [UInt8]
    }

    static let vectors = [
        Vector(
            encryption: .aes256gcm16, material: keyAndSalt, extended: false, sequence: 1,
            packet: bytes(
                """
                deadbeef000000010000000000000001693df588f4afc08f1b012734fa4e35f0774b977c4a4a4331d42d7a1c7d4eec0835124cfbff0301447065\
                285f450eb5544dddd8235d25a8f35f6de234e297f3cb97a839bd82d30955044fbccb323f4c30
                """)),
        Vector(
            encryption: .aes128gcm16, material: Array(keyAndSalt.dropFirst(16)), extended: false, sequence: 2,
            packet: bytes(
                """
                deadbeef00000002000000000000000236b9128c644961794e62336c5dfb10a3100a73a424256ec6a79a34f8a2205453b306d09dc9c4d79c93ef\
                3ab9b6101540115c40e9b1645004ae4c4b85a6142db79359a4ae3df4cf48ff81f1ab5462ff5b
                """)),
        Vector(
            encryption: .aes256gcm16, material: keyAndSalt, extended: true, sequence: 0x5_0000_0007,
            packet: bytes(
                """
                deadbeef00000007000000050000000702f1225ef744e9a88239e702ffa9c2c5c85cdf7c4d6feb28cb9486baad134c68f4cb9cbcb1247b4e2eac\
                d5c7d09dd3bac81fb4927c156234190e8b7361e6a3703ec7d04cc385e509cc0b7bd78bab1293
                """)),
    ]

    @Test(arguments: vectors, CipherLibrary.allCases)
    func sealGivesTheKnownBytes(_ vector: Vector, _ library: CipherLibrary) throws {
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound, encryption: vector.encryption, material: vector.material, extended: vector.extended),
            startingAfter: vector.sequence - 1, library: library)
        #expect(try seal(Self.payload, sender) == vector.packet)
        #expect(sender.packets == 1)
        #expect(sender.bytes == UInt64(Self.payload.count))
    }

    @Test(arguments: vectors, CipherLibrary.allCases)
    func openGivesTheKnownPayload(_ vector: Vector, _ library: CipherLibrary) throws {
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound, encryption: vector.encryption, material: vector.material, extended: vector.extended),
            library: library)
        // With a high half of 5, only a receiver that has come that far can open it.
        if vector.sequence >> 32 != 0 {
            #expect(throws: Dropped(reason: .integrity)) { try open(vector.packet, receiver) }
            return
        }
        #expect(try open(vector.packet, receiver) == Self.payload)
        #expect(receiver.sequenceNumber == vector.sequence)
    }
}

@Suite struct Codec {
    private func pair(extended: Bool = true) throws -> (
        OutboundAssociation<PacketCipher>, InboundAssociation<PacketCipher>
    ) {
        (
            try OutboundAssociation(association(.outbound, extended: extended)),
            try InboundAssociation(association(.inbound, extended: extended))
        )
    }

    @Test func everyPayloadLengthComesBack() throws {
        let (sender, receiver) = try pair()
        for count in 0...300 {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let packet = try seal(payload, sender)
            #expect(packet.count % 4 == 0)
            #expect(try open(packet, receiver) == payload)
        }
    }

    @Test func truncationAtEveryByteIsDropped() throws {
        let (sender, receiver) = try pair()
        let packet = try seal(Array(0..<40), sender)
        for count in 0..<packet.count {
            let error = #expect(throws: Dropped.self) { try open(Array(packet[..<count]), receiver) }
            #expect(error?.reason == (count < receiver.layout.minimumLength || count % 4 != 0 ? .truncated : .integrity))
        }
        #expect(receiver.packets == 0)
        #expect(receiver.sequenceNumber == 0)
        #expect(try open(packet, receiver) == Array(0..<40))
    }

    @Test func everyFlippedBitIsDropped() throws {
        let (sender, receiver) = try pair()
        let packet = try seal(Array(0..<40), sender)
        // The SPI picks the SA before this; with ESN its bytes are authenticated from the SA, not from the packet.
        for bit in 32..<packet.count * 8 {
            var forged = packet
            forged[bit / 8] ^= 1 << UInt8(bit % 8)
            let error = #expect(throws: Dropped.self) { try open(forged, receiver) }
            #expect(error?.reason == .integrity || (error?.reason == .replayed && (32..<64).contains(bit)))
        }
        #expect(receiver.sequenceNumber == 0)
        #expect(try open(packet, receiver) == Array(0..<40))
    }

    @Test func aPacketPassesOnce() throws {
        let (sender, receiver) = try pair()
        let packet = try seal([1], sender)
        _ = try open(packet, receiver)
        #expect(throws: Dropped(reason: .replayed)) { try open(packet, receiver) }
        #expect(receiver.packets == 1)
    }

    @Test func dummyPacketsAreDroppedAndMoveTheWindow() throws {
        let (sender, receiver) = try pair()
        let packet = try seal([0, 0, 0], sender, nextHeader: ESP.noNextHeader)
        #expect(throws: Dropped(reason: .dummy)) { try open(packet, receiver) }
        #expect(throws: Dropped(reason: .replayed)) { try open(packet, receiver) }
    }

    /// Seals whatever text, trailer included, so that wrong padding is authentic.
    private func sealText(_ text: [UInt8], sequence: UInt32) throws -> [UInt8] {
        let cipher = try keyAndSalt[..<32].withUnsafeBytes { try PacketCipher(.aes256gcm16, key: $0, direction: .seal) }
        var packet = bytes("deadbeef") + withUnsafeBytes(of: sequence.bigEndian, Array.init)
        let iv = [0, 0, 0, 0] + withUnsafeBytes(of: sequence.bigEndian, Array.init)
        let nonce = Array(keyAndSalt[32...]) + iv
        let additional = packet
        packet += iv + text + [UInt8](repeating: 0, count: 16)
        packet.withUnsafeMutableBytes { memory in
            nonce.withUnsafeBytes { nonce in
                additional.withUnsafeBytes { additional in
                    #expect(
                        cipher.seal(
                            nonce: nonce.baseAddress!, additional: additional.baseAddress!, additionalCount: 8,
                            text: memory.baseAddress! + 16, count: text.count, into: memory.baseAddress! + 16))
                }
            }
        }
        return packet
    }

    @Test func paddingMustCountUp() throws {
        let receiver = try InboundAssociation<PacketCipher>(association(.inbound))
        #expect(try open(sealText([9, 9, 1, 2, 3, 4, 4, 4], sequence: 1), receiver) == [9, 9])
        #expect(throws: Dropped(reason: .badPadding)) { try open(sealText([9, 9, 1, 2, 2, 4, 4, 4], sequence: 2), receiver) }
        #expect(throws: Dropped(reason: .badPadding)) { try open(sealText([9, 9, 0, 0, 0, 0, 4, 4], sequence: 3), receiver) }
        // Longer than what is there, by one and by much; exactly as long is an empty payload.
        #expect(throws: Dropped(reason: .badPadding)) { try open(sealText([1, 2, 3, 4, 5, 6, 7, 4], sequence: 4), receiver) }
        #expect(throws: Dropped(reason: .badPadding)) { try open(sealText([1, 2, 3, 4, 5, 6, 255, 4], sequence: 5), receiver) }
        #expect(try open(sealText([1, 2, 3, 4, 5, 6, 6, 4], sequence: 6), receiver) == [])
        #expect(receiver.packets == 2)
    }

    @Test func sequenceNumbersEndAndNeverWrap() throws {
        let short = try OutboundAssociation<PacketCipher>(association(.outbound), startingAfter: 0xffff_fffe)
        #expect(Array(try seal([], short)[4..<8]) == [255, 255, 255, 255])
        #expect(short.isExhausted)
        #expect(throws: Dropped(reason: .lifetimeExpired)) { try seal([], short) }
        let long = try OutboundAssociation<PacketCipher>(association(.outbound, extended: true), startingAfter: .max - 1)
        _ = try seal([], long)
        #expect(throws: Dropped(reason: .lifetimeExpired)) { try seal([], long) }
        #expect(long.sequenceNumber == .max)
        // With ESN, 2^32 is a number like others.
        let past = try OutboundAssociation<PacketCipher>(association(.outbound, extended: true), startingAfter: 0xffff_ffff)
        #expect(Array(try seal([], past)[4..<16]) == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    }

    @Test func byteLimitsHold() throws {
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound), limits: SALimits(softBytes: 100, hardBytes: 200))
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound), limits: SALimits(softBytes: 100, hardBytes: 150))
        for _ in 0..<2 { _ = try open(seal([UInt8](repeating: 0, count: 99), sender), receiver) }
        #expect(sender.isPastSoftLimit && !sender.isExhausted)
        let last = try seal([1, 2], sender)
        #expect(throws: Dropped(reason: .lifetimeExpired)) { try open(last, receiver) }
        #expect(receiver.isPastSoftLimit && receiver.isExhausted)
        #expect(throws: Dropped(reason: .lifetimeExpired)) { try seal([1], sender) }
    }

    @Test func packetLimitsHold() throws {
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound), limits: SALimits(softPackets: 2, hardPackets: 4))
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound), limits: SALimits(softPackets: 1, hardPackets: 3))
        _ = try open(seal([1], sender), receiver)
        #expect(!sender.isPastSoftLimit && receiver.isPastSoftLimit)
        for _ in 0..<2 { _ = try open(seal([1], sender), receiver) }
        #expect(sender.isPastSoftLimit && !sender.isExhausted && receiver.isExhausted)
        let last = try seal([1], sender)
        #expect(throws: Dropped(reason: .lifetimeExpired)) { try open(last, receiver) }
        #expect(sender.isExhausted)
        #expect(throws: Dropped(reason: .lifetimeExpired)) { try seal([1], sender) }
    }

    @Test func keysOfTheWrongLengthAreRefused() {
        for count in [0, 4, 20, 35, 37] {
            #expect(throws: AEADError.keyLength(count)) {
                _ = try OutboundAssociation<PacketCipher>(
                    association(.outbound, material: [UInt8](repeating: 1, count: count)))
            }
        }
    }
}
