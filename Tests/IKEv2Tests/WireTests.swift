import Crypto
import ESP
import Foundation
import SeededRandom
import Testing
import WarrenModel

@testable import IKEv2

@Suite("Wire format")
struct WireTests {
    static let samples: [Payload] = [
        .securityAssociation(
            Negotiation.offer(
                [IKEProposal("aes256gcm16-prfsha384-x25519")!, IKEProposal("aes128gcm16-prfsha256-ecp256")!],
                spi: IKESPI(rawValue: 0x0102_0304_0506_0708))),
        .securityAssociation(
            Negotiation.offer([ESPProposal("aes256gcm16-ecp384")!], spi: SPI(rawValue: 0xdead_beef), withKeyExchange: true)),
        .keyExchange(group: 31, data: [UInt8](repeating: 9, count: 32)),
        .identificationInitiator(Identification(IPAddress("192.0.2.1")!)),
        .identificationResponder(Identification(IPAddress("2001:db8::1")!)),
        .authentication(method: 2, data: [1, 2, 3]),
        .nonce([UInt8](0..<32)),
        .notify(Notify(.rekeySA, esp: SPI(rawValue: 0x1122_3344))),
        .notify(Notify(.cookie, data: [5, 6, 7])),
        .delete(.ikeSA),
        .delete(.esp([SPI(rawValue: 1000), SPI(rawValue: 2000)])),
        .trafficSelectorsInitiator([
            WireTrafficSelector(IPPrefix("192.0.2.1/32")!, .ipencap), WireTrafficSelector(IPPrefix("2001:db8::/64")!, .ipv6),
        ]),
        .trafficSelectorsResponder([WireTrafficSelector(IPPrefix("0.0.0.0/0")!, .any)]),
    ]

    @Test("what is written reads back as the same")
    func roundTrip() throws {
        let (first, bytes) = PayloadChain.encode(Self.samples)
        #expect(try PayloadChain.parse(bytes[...], first: first) == Self.samples)
    }

    @Test("the header's bytes are those of RFC 7296, 3.1")
    func header() throws {
        let header = MessageHeader(
            initiatorSPI: IKESPI(rawValue: 1), responderSPI: IKESPI(rawValue: 2), exchange: .createChildSA, fromInitiator: true,
            isResponse: true, messageID: 3)
        let bytes = header.encoded(nextPayload: 46, length: 28)
        #expect(
            bytes == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 46, 0x20, 36, 0x28, 0, 0, 0, 3, 0, 0, 0, 28])
        var expected = header
        expected.nextPayload = 46
        #expect(try MessageHeader(reading: bytes) == expected)
        var other = bytes
        other[17] = 0x2f
        #expect(try MessageHeader(reading: other) == expected)
        other[17] = 0x30
        #expect(throws: WireError.unsupportedMajorVersion(3)) { try MessageHeader(reading: other) }
        #expect(throws: WireError.badLength) { try MessageHeader(reading: bytes + [0]) }
    }

    @Test("an SA payload's bytes are those of RFC 7296, 3.3")
    func proposalBytes() {
        let (_, bytes) = PayloadChain.encode([
            .securityAssociation(
                Negotiation.offer([ESPProposal("aes256gcm16")!], spi: SPI(rawValue: 0x0a0b_0c0d), withKeyExchange: false))
        ])
        let expected: [UInt8] = [
            0, 0, 0, 44,  // generic header
            0, 0, 0, 40, 1, 3, 4, 3, 0x0a, 0x0b, 0x0c, 0x0d,  // one proposal: ESP, 4-byte SPI, 3 transforms
            3, 0, 0, 12, 1, 0, 0, 20, 0x80, 0x0e, 1, 0,  // ENCR_AES_GCM_16, 256 bits
            3, 0, 0, 8, 5, 0, 0, 1,  // ESN
            0, 0, 0, 8, 5, 0, 0, 0,  // no ESN
        ]
        #expect(bytes == expected)
    }

    @Test("a chain cut at any byte throws")
    func truncation() {
        for sample in Self.samples {
            let (first, bytes) = PayloadChain.encode([sample])
            for length in 0..<bytes.count {
                #expect(throws: WireError.self) { try PayloadChain.parse(bytes[..<length], first: first) }
            }
            #expect(throws: WireError.trailingBytes) { try PayloadChain.parse((bytes + [0])[...], first: first) }
        }
    }

    @Test("any bytes at all parse or throw; what parses can be written again", arguments: 0..<40 as Range<UInt64>)
    func mutation(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let (first, bytes) = PayloadChain.encode(Self.samples.shuffled(using: &random))
        for _ in 0..<500 {
            var mutant = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<mutant.count, using: &random)
                mutant[index] =
                    Bool.random(using: &random)
                    ? UInt8.random(in: 0...255, using: &random) : [0, 1, 127, 128, 255].randomElement(using: &random)!
            }
            if let parsed = try? PayloadChain.parse(mutant[...], first: first) {
                let again = PayloadChain.encode(parsed.filter { if case .ignored = $0 { false } else { true } })
                #expect((try? PayloadChain.parse(again.bytes[...], first: again.first)) != nil)
            }
        }
    }

    @Test("unknown payloads: critical ones are refused, others passed over")
    func critical() throws {
        #expect(throws: WireError.unsupportedCriticalPayload(200)) {
            try PayloadChain.parse([0, 0x80, 0, 4][...], first: 200)
        }
        #expect(try PayloadChain.parse([0, 0, 0, 5, 1][...], first: 200) == [.ignored(200)])
        // Known types are understood whatever their critical bit says (RFC 7296, 2.5).
        #expect(try PayloadChain.parse([0, 0x80, 0, 5, 1][...], first: 43) == [.ignored(43)])
    }

    @Test("an attribute of length zero ends, and makes its transform one that is not chosen")
    func unknownAttribute() throws {
        let bytes: [UInt8] = [
            0, 0, 0, 24, 1, 3, 4, 1, 0, 0, 16, 0, 0, 0, 0, 12, 1, 0, 0, 20, 0, 99, 0, 0,
        ]
        #expect(try SAPayload.parse(ByteReader(bytes)).first?.transforms == [])
    }

    @Test("selectors cover what they contain, and narrowing never widens")
    func selectors() {
        let wanted = TrafficSelector(
            source: IPPrefix("192.0.2.1/32")!, destination: IPPrefix("192.0.2.2/32")!, ipProtocol: .ipencap)
        let other = TrafficSelector(source: wanted.source, destination: wanted.destination, ipProtocol: .ipv6)
        let any = WireTrafficSelector(IPPrefix("0.0.0.0/0")!, .any)
        let both = [wanted, other]
        #expect(Narrowing.covered(both, local: [any], remote: [any]) == both)
        #expect(Narrowing.covered(both, local: Narrowing.local([wanted]), remote: Narrowing.remote(both)) == [wanted])
        #expect(Narrowing.covered(both, local: [], remote: [any]) == [])
        var ports = any
        ports.lastPort = 100
        #expect(Narrowing.covered(both, local: [ports], remote: [any]) == [])
        #expect(!Narrowing.isNarrowing([any], of: Narrowing.local(both)))
        #expect(Narrowing.isNarrowing(Narrowing.local([other]), of: Narrowing.local(both)))
    }

    @Test("a proposal with what we lack is passed over; NONE is not lacking")
    func negotiation() {
        let configured = IKEProposal("aes128gcm16-prfsha256-ecp256")!
        var offer = Negotiation.offer([configured])
        offer[0].transforms.append(Transform(.integrity, 12))
        #expect(Negotiation.choose(offer, from: [configured]) == nil)
        offer[0].transforms.append(Transform(.integrity, 0))
        #expect(Negotiation.choose(offer, from: [configured])?.proposal == configured)
        offer[0].transforms.append(Transform(type: 6, id: 36, keyLengthBits: nil))
        #expect(Negotiation.choose(offer, from: [configured]) == nil)
        var child = Negotiation.offer([ESPProposal("aes128gcm16")!], spi: SPI(rawValue: 300), withKeyExchange: false)
        child[0].transforms.removeAll { $0.type == 5 && $0.id == 1 }
        let choice = Negotiation.choose(
            child, from: [ESPProposal("aes128gcm16")!], spi: SPI(rawValue: 400), withKeyExchange: true)
        #expect(choice?.choice.extendedSequenceNumbers == false)
        #expect(choice?.peerSPI == SPI(rawValue: 300))
        child[0].spi = [0, 0, 0, 1]
        #expect(
            Negotiation.choose(child, from: [ESPProposal("aes128gcm16")!], spi: SPI(rawValue: 400), withKeyExchange: true)
                == nil)
    }

    @Test("fragments make a message in any order; a shrinking total and too many are refused")
    func fragmentBuffer() {
        var buffer = FragmentBuffer()
        func add(_ number: UInt16, _ total: UInt16, _ bytes: [UInt8]) -> [UInt8]? {
            buffer.add(
                messageID: 1, isResponse: false, number: number, total: total, first: number == 1 ? 33 : 0, plaintext: bytes)?
                .plaintext
        }
        #expect(add(2, 3, [2]) == nil)
        #expect(add(2, 3, [9]) == nil)
        #expect(add(3, 3, [3]) == nil)
        #expect(add(1, 2, [7]) == nil)
        #expect(add(1, 3, [1]) == [1, 2, 3])
        #expect(add(0, 3, [1]) == nil)
        #expect(add(1, 60_000, [1]) == nil)
        #expect(add(4, 3, [1]) == nil)
    }
}
