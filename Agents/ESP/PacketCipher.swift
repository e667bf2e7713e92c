import CBoringSSL
import CMultiBuffer
import WarrenModel

/// The cipher of an ESP SA, by the library that computes it fastest.
public final class PacketCipher: AEAD {
    /// Who computes it: plain pointers, so that a packet counts no references.
    private enum Backend {
        /// With who computes long texts in its place, where there is one.
        case multiBuffer(OpaquePointer, long: OpaquePointer?)
        case boringssl(OpaquePointer)
        case libcrypto(LibcryptoAEAD)
        case separate(LibcryptoCBC)
    }
    private let backend: Backend

    /// From so many bytes on, a text is long. Where IPSec_MB does not use all of the processor's AES instructions, it is ahead of
    /// BoringSSL below that, and behind above.
    private static var longText: Int { 768 }

    /// Who computes AES-GCM, for people. To be asked once before rights are given up: the multi-buffer library is loaded then.
    public static func name(of library: CipherLibrary) -> String {
        guard library.asksForMultiBuffer, let version = warren_mb_version() else {
            return (library.asksForMultiBuffer ? .boringssl : library).rawValue
        }
        let multiBuffer = "IPSec_MB \(String(cString: version))"
        return splits(library) ? "\(multiBuffer); boringssl for long packets" : multiBuffer
    }

    private static func splits(_ library: CipherLibrary) -> Bool { library == .auto && warren_mb_misses_wide_aes() == 1 }

    public init(
        _ algorithm: EncryptionAlgorithm, key: UnsafeRawBufferPointer, direction: AEADDirection,
        library: CipherLibrary = .auto
    ) throws(AEADError) {
        guard key.count == algorithm.keyLength + algorithm.integrityKeyLength else { throw .keyLength(key.count) }
        if !algorithm.isAuthenticated {
            backend = .separate(try LibcryptoCBC(algorithm, key: key, direction: direction))
        } else if library.asksForMultiBuffer, algorithm != .chacha20poly1305,
            let made = warren_mb_gcm_new(key.baseAddress?.assumingMemoryBound(to: UInt8.self), key.count)
        {
            backend = .multiBuffer(made, long: Self.splits(library) ? Self.boringssl(algorithm, key: key) : nil)
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
        case .multiBuffer(let key, let long):
            warren_mb_gcm_free(key)
            if let long { warren_boringssl_free(long) }
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
        case .multiBuffer(let key, let long):
            if let long, count >= Self.longText {
                return warren_boringssl_seal(long, nonce, additional, additionalCount, text, count, sealed) == 1
            }
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
        case .multiBuffer(let key, let long):
            if let long, count >= Self.longText {
                return warren_boringssl_open(long, nonce, additional, additionalCount, text, count) == 1
            }
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
