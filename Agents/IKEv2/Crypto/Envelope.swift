import Crypto
import WarrenModel

/// Seals and opens the SK payload with an AEAD (RFC 7296, 3.14; RFC 5282, RFC 7634).
///
/// The nonce is the salt and a counter that starts at 0 and never repeats: each key has one sender, and each IKE SA has
/// its own keys. Each message is sealed once; repetitions are the same bytes.
struct Envelope: Sendable {
    private static let ivLength = 8
    private static let tagLength = 16
    static let minimumLength = MessageHeader.length + 4 + ivLength + 1 + tagLength

    private let encryption: EncryptionAlgorithm
    private let sending: SecretBytes
    private let receiving: SecretBytes
    private var counter: UInt64 = 0

    init(keys: IKEKeys, asInitiator: Bool) {
        encryption = keys.encryption
        sending = keys.encryptionKey(fromInitiator: asInitiator)
        receiving = keys.encryptionKey(fromInitiator: !asInitiator)
    }

    /// Nil when the counter has run out, which no IKE SA lives to see, or the message would be longer than a length can say.
    mutating func seal(_ header: MessageHeader, _ payloads: [Payload]) -> [UInt8]? {
        let (first, inner) = PayloadChain.encode(payloads)
        return seal(header, type: .encrypted, first: first, prefix: [], plaintext: inner)
    }

    /// Seals one SK or SKF payload; `prefix` are SKF's fragment number and total.
    mutating func seal(
        _ header: MessageHeader, type: PayloadType, first: UInt8, prefix: [UInt8], plaintext: [UInt8]
    ) -> [UInt8]? {
        guard counter < .max else { return nil }
        let payloadLength = 4 + prefix.count + Self.ivLength + plaintext.count + 1 + Self.tagLength
        guard let lengthField = UInt16(exactly: payloadLength) else { return nil }
        var associated = ByteWriter()
        associated.append(header.encoded(nextPayload: type.rawValue, length: MessageHeader.length + payloadLength))
        associated.append([first, 0])
        associated.uint16(lengthField)
        associated.append(prefix)
        var iv = ByteWriter()
        iv.uint64(counter)
        counter += 1
        // No padding: none of the ciphers needs any; the last byte says so.
        let sealed = Self.withKey(sending) { key, salt in
            encryption.seal(plaintext + [0], key: key, nonce: salt + iv.bytes, authenticating: associated.bytes)
        }
        return sealed.map { associated.bytes + iv.bytes + $0 }
    }

    /// An authentic SK payload's inside; nil for whatever isn't authentic.
    func open(_ datagram: [UInt8], _ header: MessageHeader) -> (first: UInt8, plaintext: [UInt8])? {
        guard header.nextPayload == PayloadType.encrypted.rawValue else { return nil }
        return open(datagram, prefixLength: 0).map { ($0.first, $0.plaintext) }
    }

    /// The SK or SKF payload must come first and be the last one, as its length says.
    func open(_ datagram: [UInt8], prefixLength: Int) -> (first: UInt8, prefix: [UInt8], plaintext: [UInt8])? {
        var reader = ByteReader(datagram)
        let associatedLength = MessageHeader.length + 4 + prefixLength
        guard datagram.count >= Self.minimumLength + prefixLength, (try? reader.slice(MessageHeader.length)) != nil,
            let first = try? reader.byte(), (try? reader.byte()) != nil, let length = try? reader.uint16(),
            Int(length) == datagram.count - MessageHeader.length, let prefix = try? reader.bytes(prefixLength),
            let iv = try? reader.bytes(Self.ivLength), reader.count > Self.tagLength,
            let ciphertext = try? reader.bytes(reader.count - Self.tagLength)
        else { return nil }
        let tag = reader.remaining()
        let opened = Self.withKey(receiving) { key, salt -> [UInt8]? in
            encryption.open(
                ciphertext, tag: tag, key: key, nonce: salt + iv, authenticating: datagram.prefix(associatedLength))
        }
        guard let opened, let padding = opened.last, opened.count > Int(padding) else { return nil }
        return (first, prefix, Array(opened.dropLast(Int(padding) + 1)))
    }

    private static func withKey<Result>(_ secret: SecretBytes, _ body: (SymmetricKey, [UInt8]) -> Result?) -> Result? {
        secret.withBytes { bytes in
            guard bytes.count > 4 else { return nil }
            return body(SymmetricKey(data: UnsafeRawBufferPointer(rebasing: bytes.dropLast(4))), Array(bytes.suffix(4)))
        }
    }
}

extension EncryptionAlgorithm {
    /// Ciphertext and tag.
    fileprivate func seal(
        _ plaintext: [UInt8], key: SymmetricKey, nonce: [UInt8], authenticating associated: [UInt8]
    ) -> [UInt8]? {
        switch self {
        case .aes128gcm16, .aes256gcm16:
            guard let nonce = try? AES.GCM.Nonce(data: nonce) else { return nil }
            let box = try? AES.GCM.seal(plaintext, using: key, nonce: nonce, authenticating: associated)
            return box.map { Array($0.ciphertext) + Array($0.tag) }
        case .chacha20poly1305:
            guard let nonce = try? ChaChaPoly.Nonce(data: nonce) else { return nil }
            let box = try? ChaChaPoly.seal(plaintext, using: key, nonce: nonce, authenticating: associated)
            return box.map { Array($0.ciphertext) + Array($0.tag) }
        // Of ESP alone.
        case .aes128sha256, .aes256sha256: return nil
        }
    }

    fileprivate func open(
        _ ciphertext: [UInt8], tag: [UInt8], key: SymmetricKey, nonce: [UInt8], authenticating associated: ArraySlice<UInt8>
    ) -> [UInt8]? {
        switch self {
        case .aes128gcm16, .aes256gcm16:
            guard let nonce = try? AES.GCM.Nonce(data: nonce),
                let box = try? AES.GCM.SealedBox(nonce: nonce, ciphertext: ciphertext, tag: tag)
            else { return nil }
            return (try? AES.GCM.open(box, using: key, authenticating: associated)).map { Array($0) }
        case .chacha20poly1305:
            guard let nonce = try? ChaChaPoly.Nonce(data: nonce),
                let box = try? ChaChaPoly.SealedBox(nonce: nonce, ciphertext: ciphertext, tag: tag)
            else { return nil }
            return (try? ChaChaPoly.open(box, using: key, authenticating: associated)).map { Array($0) }
        case .aes128sha256, .aes256sha256: return nil
        }
    }
}
