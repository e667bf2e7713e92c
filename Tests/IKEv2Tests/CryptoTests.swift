import Crypto
import SeededRandom
import Testing
import WarrenModel

@testable import IKEv2

private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }.map { UInt8(String($0), radix: 16)! }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private func plain(_ secret: SecretBytes?) -> [UInt8]? { secret?.withBytes { Array($0) } }

@Suite("Keys and their use")
struct CryptoTests {
    @Test("prf is HMAC: RFC 4231, test case 2")
    func hmac() {
        let key = SecretBytes(Array("Jefe".utf8)), data = Array("what do ya want for nothing?".utf8)
        #expect(
            plain(PseudoRandomFunction.prfsha256(key, data))
                == bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
        #expect(
            plain(PseudoRandomFunction.prfsha384(key, data))
                == bytes("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"))
    }

    @Test("prf+ is the chain of RFC 7296, 2.13", arguments: PseudoRandomFunction.allCases)
    func chain(prf: PseudoRandomFunction) {
        let key = SecretBytes([1, 2, 3]), seed: [UInt8] = [4, 5]
        let t1 = plain(prf(key, seed + [1]))!, t2 = plain(prf(key, t1 + seed + [2]))!, t3 = plain(prf(key, t2 + seed + [3]))!
        let stream = t1 + t2 + t3
        let pieces = prf.plus(key, seed, lengths: [10, 50, 30]).compactMap { plain($0) }
        #expect(pieces.map(\.count) == [10, 50, 30])
        #expect(pieces.flatMap { $0 } == Array(stream.prefix(90)))
    }

    @Test("X25519 as in RFC 7748, 6.1")
    func x25519() throws {
        let key = KeyExchangeKey.x25519(
            try .init(rawRepresentation: bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")))
        #expect(key.publicValue == bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"))
        #expect(
            plain(key.sharedSecret(with: bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")))
                == bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"))
    }

    @Test("ECP-256 and ECP-384 as in RFC 5903, 8.1 and 8.2")
    func nist() throws {
        let p256 = KeyExchangeKey.ecp256(
            try .init(rawRepresentation: bytes("C88F01F5 10D9AC3F 70A292DA A2316DE5 44E9AAB8 AFE84049 C62A9C57 862D1433")))
        #expect(
            p256.publicValue
                == bytes(
                    """
                    DAD0B653 94221CF9 B051E1FE CA5787D0 98DFE637 FC90B9EF 945D0C37 72581180
                    5271A046 1CDB8252 D61F1C45 6FA3E59A B1F45B33 ACCF5F58 389E0577 B8990BB3
                    """))
        #expect(
            plain(
                p256.sharedSecret(
                    with: bytes(
                        """
                        D12DFB52 89C8D4F8 1208B702 70398C34 2296970A 0BCCB74C 736FC755 4494BF63
                        56FBF3CA 366CC23E 8157854C 13C58D6A AC23F046 ADA30F83 53E74F33 039872AB
                        """))) == bytes("D6840F6B 42F6EDAF D13116E0 E1256520 2FEF8E9E CE7DCE03 812464D0 4B9442DE"))
    }

    @Test("two ends of a group agree; public values that are no good are refused", arguments: KeyExchangeMethod.allCases)
    func publicValues(method: KeyExchangeMethod) {
        var random = SeededNumbers(seed: 3)
        let a = KeyExchangeKey(method, using: &random)!, b = KeyExchangeKey(method, using: &random)!
        #expect(a.sharedSecret(with: b.publicValue) == b.sharedSecret(with: a.publicValue))
        #expect(a.sharedSecret(with: b.publicValue) != nil)
        let length = b.publicValue.count
        #expect(a.sharedSecret(with: []) == nil)
        #expect(a.sharedSecret(with: Array(b.publicValue.dropLast())) == nil)
        #expect(a.sharedSecret(with: b.publicValue + [0]) == nil)
        #expect(a.sharedSecret(with: [UInt8](repeating: 0, count: length)) == nil)
        if method == .x25519 {
            // Points of small order give zero (RFC 7748, 6.1).
            #expect(a.sharedSecret(with: [1] + [UInt8](repeating: 0, count: 31)) == nil)
            #expect(
                a.sharedSecret(with: bytes("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")) == nil)
        } else {
            var off = b.publicValue
            off[length - 1] ^= 1
            #expect(a.sharedSecret(with: off) == nil)
            #expect(a.sharedSecret(with: [UInt8](repeating: 0xff, count: length)) == nil)
        }
    }

    @Test("AES-GCM as RFC 5282 uses it: nonce from salt and IV, the headers as associated data")
    func sealedMessage() throws {
        let keys = IKEKeys(
            proposal: IKEProposal("aes256gcm16-prfsha256-x25519")!, shared: SecretBytes([1]), nonceInitiator: [2],
            nonceResponder: [3], initiatorSPI: IKESPI(rawValue: 4), responderSPI: IKESPI(rawValue: 5))
        var sender = Envelope(keys: keys, asInitiator: true)
        let header = MessageHeader(
            initiatorSPI: IKESPI(rawValue: 4), responderSPI: IKESPI(rawValue: 5), exchange: .informational,
            fromInitiator: true, isResponse: false, messageID: 7)
        let message = sender.seal(header, [.delete(.ikeSA)])!
        let secret = plain(keys.encryptionInitiator)!
        #expect(secret.count == 36)
        let box = try AES.GCM.SealedBox(
            nonce: AES.GCM.Nonce(data: secret.suffix(4) + message[32..<40]), ciphertext: message[40..<message.count - 16],
            tag: message.suffix(16))
        let inside = try AES.GCM.open(box, using: SymmetricKey(data: secret.prefix(32)), authenticating: message.prefix(32))
        #expect(Array(inside) == [0, 0, 0, 8, 1, 0, 0, 0, 0])
        let second = sender.seal(header, [.delete(.ikeSA)])!
        #expect(second[32..<40] != message[32..<40])

        let receiver = Envelope(keys: keys, asInitiator: false)
        let read = try MessageHeader(reading: message)
        #expect(receiver.open(message, read)?.first == 42)
        #expect(sender.open(message, read) == nil)
        for index in message.indices {
            var forged = message
            forged[index] ^= 1
            guard let header = try? MessageHeader(reading: forged) else { continue }
            #expect(receiver.open(forged, header) == nil, "byte \(index)")
        }
    }

    @Test("a cookie is good for one nonce, address and SPI, and for two minutes at most")
    func cookies() {
        var jar = CookieJar(), random = SeededNumbers(seed: 1)
        let remote = Endpoint(address: IPAddress("192.0.2.1")!, port: 500), spi = IKESPI(rawValue: 9)
        let now = MonotonicTime(nanoseconds: 5)
        let cookie = jar.issue(nonce: [1], remote: remote, spi: spi, now: now, random: &random)
        #expect(jar.accepts(cookie, nonce: [1], remote: remote, spi: spi, now: now))
        #expect(!jar.accepts(cookie, nonce: [2], remote: remote, spi: spi, now: now))
        #expect(!jar.accepts(cookie, nonce: [1], remote: remote, spi: IKESPI(rawValue: 8), now: now))
        #expect(!jar.accepts([], nonce: [1], remote: remote, spi: spi, now: now))
        _ = jar.issue(nonce: [1], remote: remote, spi: spi, now: now + .seconds(61), random: &random)
        #expect(jar.accepts(cookie, nonce: [1], remote: remote, spi: spi, now: now + .seconds(61)))
        #expect(!jar.accepts(cookie, nonce: [1], remote: remote, spi: spi, now: now + .seconds(121)))
    }
}
