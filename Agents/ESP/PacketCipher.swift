import CBoringSSL
import CMultiBuffer
import WarrenModel

/// The cipher of an ESP SA, by the library that computes it fastest.
public final class PacketCipher: AEAD {
    /// Who computes it: plain pointers, so that a packet counts no references.
    private enum Backend {
        case multiBuffer(OpaquePointer)
        case boringssl(OpaquePointer)
        case libcrypto(LibcryptoAEAD)
        case separate(LibcryptoCBC)
    }
    private let backend: Backend

    /// The version of the multi-buffer library; nil when it can't be loaded. To be asked once before rights are given up: it
    /// is loaded then.
    public static var multiBufferVersion: String? { warren_mb_version().map { String(cString: $0) } }

    public init(
        _ algorithm: EncryptionAlgorithm, key: UnsafeRawBufferPointer, direction: AEADDirection,
        library: CipherLibrary = .auto
    ) throws(AEADError) {
        guard key.count == algorithm.keyLength + algorithm.integrityKeyLength else { throw .keyLength(key.count) }
        if !algorithm.isAuthenticated {
            backend = .separate(try LibcryptoCBC(algorithm, key: key, direction: direction))
        } else if library == .auto, algorithm != .chacha20poly1305,
            let made = warren_mb_gcm_new(key.baseAddress?.assumingMemoryBound(to: UInt8.self), key.count)
        {
            backend = .multiBuffer(made)
        } else if library != .libcrypto, let made = Self.boringssl(algorithm, key: key) {
            backend = .boringssl(made)
        } else {
            backend = .libcrypto(try LibcryptoAEAD(algorithm, key: key, direction: direction))
        }
    }

    private static func boringssl(_ algorithm: EncryptionAlgorithm, key: UnsafeRawBufferPointer) -> OpaquePointer? {
        let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return algorithm == .chacha20poly1305
            ? warren_boringssl_chacha_new(bytes, key.count) : warren_boringssl_gcm_new(bytes, key.count)
    }

    deinit {
        switch backend {
        case .multiBuffer(let key): warren_mb_gcm_free(key)
        case .boringssl(let cipher): warren_boringssl_free(cipher)
        case .libcrypto(let cipher): cipher.free()
        case .separate(let cipher): cipher.free()
        }
    }

    public func seal(
        nonce: UnsafeRawPointer, additional: UnsafeRawPointer, additionalCount: Int, text: UnsafeRawPointer, count: Int,
        into sealed: UnsafeMutableRawPointer
    ) -> Bool {
        switch backend {
        case .multiBuffer(let key):
            warren_mb_gcm_seal(key, nonce, additional, additionalCount, text, count, sealed)
            return true
        case .boringssl(let cipher):
            return warren_boringssl_seal(cipher, nonce, additional, additionalCount, text, count, sealed) == 1
        case .libcrypto(let cipher):
            return cipher.seal(
                nonce: nonce, additional: additional, additionalCount: additionalCount, text: text, count: count,
                into: sealed)
        case .separate: return false
        }
    }

    public func open(
        nonce: UnsafeRawPointer, additional: UnsafeRawPointer, additionalCount: Int, text: UnsafeMutableRawPointer, count: Int
    ) -> Bool {
        switch backend {
        case .multiBuffer(let key):
            return warren_mb_gcm_open(key, nonce, additional, additionalCount, text, count) == 1
        case .boringssl(let cipher):
            return warren_boringssl_open(cipher, nonce, additional, additionalCount, text, count) == 1
        case .libcrypto(let cipher):
            return cipher.open(
                nonce: nonce, additional: additional, additionalCount: additionalCount, text: text, count: count)
        case .separate: return false
        }
    }

    public func seal(_ packet: UnsafeMutableRawPointer, textCount: Int, high: UInt32?) -> Bool {
        guard case .separate(let cipher) = backend else { return false }
        return cipher.seal(packet, textCount: textCount, high: high)
    }

    public func open(_ packet: UnsafeMutableRawPointer, textCount: Int, high: UInt32?) -> Bool {
        guard case .separate(let cipher) = backend else { return false }
        return cipher.open(packet, textCount: textCount, high: high)
    }
}
