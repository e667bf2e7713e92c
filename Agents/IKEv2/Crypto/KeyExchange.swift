import Crypto
import WarrenModel

extension KeyExchangeMethod {
    /// The group's number (RFC 5903, RFC 8031).
    var groupNumber: UInt16 {
        switch self {
        case .x25519: 31
        case .ecp256: 19
        case .ecp384: 20
        }
    }

    init?(groupNumber: UInt16) {
        guard let method = Self.allCases.first(where: { $0.groupNumber == groupNumber }) else { return nil }
        self = method
    }
}

/// A Diffie-Hellman private key, made for one exchange.
enum KeyExchangeKey: Sendable {
    case x25519(Curve25519.KeyAgreement.PrivateKey)
    case ecp256(P256.KeyAgreement.PrivateKey)
    case ecp384(P384.KeyAgreement.PrivateKey)

    /// A new key; nil only when the generator yields no scalar in range many times over, which is to say: is broken.
    init?(_ method: KeyExchangeMethod, using random: inout some RandomNumberGenerator) {
        for _ in 0..<8 {
            var seed = randomBytes(method == .ecp384 ? 48 : 32, using: &random)
            defer { erase(&seed) }
            switch method {
            case .x25519:
                guard let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: seed) else { continue }
                self = .x25519(key)
            case .ecp256:
                guard let key = try? P256.KeyAgreement.PrivateKey(rawRepresentation: seed) else { continue }
                self = .ecp256(key)
            case .ecp384:
                guard let key = try? P384.KeyAgreement.PrivateKey(rawRepresentation: seed) else { continue }
                self = .ecp384(key)
            }
            return
        }
        return nil
    }

    var method: KeyExchangeMethod {
        switch self {
        case .x25519: .x25519
        case .ecp256: .ecp256
        case .ecp384: .ecp384
        }
    }

    /// What the KE payload carries: for the curves of NIST x and y without a leading byte (RFC 5903, 7).
    var publicValue: [UInt8] {
        switch self {
        case .x25519(let key): Array(key.publicKey.rawRepresentation)
        case .ecp256(let key): Array(key.publicKey.rawRepresentation)
        case .ecp384(let key): Array(key.publicKey.rawRepresentation)
        }
    }

    /// The shared secret, for the curves of NIST its x alone (RFC 5903, 9). Nil for a public value of the wrong length,
    /// off the curve, or of small order (RFC 8031, 2.3; RFC 6989, 2.3).
    func sharedSecret(with peer: [UInt8]) -> SecretBytes? {
        switch self {
        case .x25519(let key):
            guard peer.count == 32, let peer = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: peer),
                let shared = try? key.sharedSecretFromKeyAgreement(with: peer)
            else { return nil }
            let secret = shared.withUnsafeBytes { SecretBytes($0) }
            return secret == SecretBytes([UInt8](repeating: 0, count: 32)) ? nil : secret
        case .ecp256(let key):
            guard peer.count == 64, let peer = try? P256.KeyAgreement.PublicKey(rawRepresentation: peer),
                let shared = try? key.sharedSecretFromKeyAgreement(with: peer)
            else { return nil }
            return shared.withUnsafeBytes { SecretBytes($0) }
        case .ecp384(let key):
            guard peer.count == 96, let peer = try? P384.KeyAgreement.PublicKey(rawRepresentation: peer),
                let shared = try? key.sharedSecretFromKeyAgreement(with: peer)
            else { return nil }
            return shared.withUnsafeBytes { SecretBytes($0) }
        }
    }
}
