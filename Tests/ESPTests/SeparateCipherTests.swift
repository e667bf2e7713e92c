import ESP
import Testing
import WarrenModel

/// AES-CBC with HMAC-SHA-256-128: packets against what Scapy and Python's `cryptography` made of the same keys, which agree.
@Suite struct SeparateCipherTests {
    struct Vector: Sendable {
        let encryption: EncryptionAlgorithm
        let extended: Bool
        let sequence: UInt64
        let packet: [UInt8]
    }

    static func material(_ encryption: EncryptionAlgorithm) -> [UInt8] {
        Array(keyAndSalt.prefix(encryption.keyLength)) + [UInt8](0x40...0x5f)
    }

    static let vectors = [
        Vector(
            encryption: .aes128sha256, extended: false, sequence: 3,
            packet: bytes(
                """
                deadbeef000000039153185d6d4ba9df764844d76a640533539aa60ef73ab5f747d4a70a0e0a18729c7d2bbc5066d4d8ea4018e923d70ab207a0d011\
                b977d40540e1dcfe74c4d272aeec3efa0ba0ed669facad8ef08426588a3ebd2d1d3d2b285a24bd1fcb55d685
                """)),
        Vector(
            encryption: .aes256sha256, extended: false, sequence: 4,
            packet: bytes(
                """
                deadbeef000000040d005eabe3fac65ab70cb4fe69b6ceef3249ca9c17cd6c6d7a685df4ec3ba34f88d8c62d88ed976acdee3918bc2e65c8bdda0027\
                631874afdd9c9f61f29dbc8d8fd82b5549747a94fe708ea3663ac55cb2349f01c0539f10728980b1c5241c47
                """)),
        Vector(
            encryption: .aes256sha256, extended: true, sequence: 9,
            packet: bytes(
                """
                deadbeef000000098bfabb6d2ed6cdf624566c307048951cdc03ab75fabc809ca900373eaaf822e6c7846f8385b348dff7c8b81ec66942639d870494\
                760e95cbdc59617f9497e4baff56f665be9781f26a89300cfaef8358a3684d08e8bf35ef009b695a9fb7b02f
                """)),
        // The high half of the sequence number is in the ICV alone.
        Vector(
            encryption: .aes256sha256, extended: true, sequence: 0x5_0000_0007,
            packet: bytes(
                """
                deadbeef000000078a1898a56c8c63078db244b0bcf32350377857fcefa0b68bd6839fba2a96175a982f40882df17a8123fdc8840fe69e66cd01be82\
                01e55656afdeeec631c4d64f09d7590cf2ec1152db2c4055e8a52e448963ff36f7f8ebc53425dbe3a41117b1
                """)),
    ]

    @Test(arguments: vectors)
    func packetsAreTheKnownOnes(_ vector: Vector) throws {
        let material = Self.material(vector.encryption)
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound, encryption: vector.encryption, material: material, extended: vector.extended),
            startingAfter: vector.sequence - 1)
        #expect(try seal(KnownPackets.payload, sender) == vector.packet)
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound, encryption: vector.encryption, material: material, extended: vector.extended))
        // With a high half of 5, only a receiver that has come that far can open it.
        if vector.sequence >> 32 != 0 {
            #expect(throws: Dropped(reason: .integrity)) { try open(vector.packet, receiver) }
        } else {
            #expect(try open(vector.packet, receiver) == KnownPackets.payload)
        }
    }

    @Test func noIVComesTwiceAndNoneCanBeForeseen() throws {
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound, encryption: .aes128sha256, material: Self.material(.aes128sha256)))
        var seen: Set<[UInt8]> = []
        for number in UInt64(1)...2000 {
            let iv = Array(try seal([1, 2, 3], sender)[8..<24])
            #expect(seen.insert(iv).inserted)
            #expect(Array(iv.prefix(8)) != withUnsafeBytes(of: number.bigEndian, Array.init))
        }
    }

    @Test func truncationAtEveryByteIsDropped() throws {
        let material = Self.material(.aes256sha256)
        let sender = try OutboundAssociation<PacketCipher>(
            association(.outbound, encryption: .aes256sha256, material: material))
        let receiver = try InboundAssociation<PacketCipher>(
            association(.inbound, encryption: .aes256sha256, material: material))
        let packet = try seal(Array(0..<60), sender)
        for count in 0..<packet.count {
            let reason: DropReason = count >= 56 && count % 16 == 8 ? .integrity : .truncated
            #expect(throws: Dropped(reason: reason)) { try open(Array(packet[..<count]), receiver) }
        }
        #expect(try open(packet, receiver) == Array(0..<60))
    }
}
