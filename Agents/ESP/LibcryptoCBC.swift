import CLibcrypto
import WarrenModel

/// AES-CBC, then HMAC-SHA-256 cut to 16 bytes (RFC 3602, RFC 4868), by libcrypto: encrypt, then authenticate. The keys are
/// scheduled once. Whoever makes one frees it.
struct LibcryptoCBC {
    private static let ivLength = 16
    private let cipher: OpaquePointer
    private let code: OpaquePointer

    /// `key` is the encryption key and the integrity key behind it.
    init(_ algorithm: EncryptionAlgorithm, key: UnsafeRawBufferPointer, direction: AEADDirection) throws(AEADError) {
        guard key.count == algorithm.keyLength + algorithm.integrityKeyLength else { throw .keyLength(key.count) }
        let method = algorithm == .aes128sha256 ? EVP_aes_128_cbc() : EVP_aes_256_cbc()
        guard let method, let cipher = EVP_CIPHER_CTX_new() else { throw .library }
        guard let code = Self.authentication(UnsafeRawBufferPointer(rebasing: key[algorithm.keyLength...])) else {
            EVP_CIPHER_CTX_free(cipher)
            throw .library
        }
        self.cipher = cipher
        self.code = code
        let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard EVP_CipherInit_ex(cipher, method, nil, bytes, nil, direction == .seal ? 1 : 0) == 1,
            // The padding is ESP's own.
            EVP_CIPHER_CTX_set_padding(cipher, 0) == 1
        else {
            free()
            throw .library
        }
    }

    func free() {
        EVP_CIPHER_CTX_free(cipher)
        EVP_MAC_CTX_free(code)
    }

    private static func authentication(_ key: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard let method = EVP_MAC_fetch(nil, "HMAC", nil) else { return nil }
        defer { EVP_MAC_free(method) }
        guard let code = EVP_MAC_CTX_new(method) else { return nil }
        var digest = Array("SHA256".utf8CString)
        let isReady = digest.withUnsafeMutableBufferPointer { name in
            var parameters = [OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end()]
            return EVP_MAC_init(code, key.baseAddress?.assumingMemoryBound(to: UInt8.self), key.count, &parameters) == 1
        }
        guard isReady else {
            EVP_MAC_CTX_free(code)
            return nil
        }
        return code
    }

    /// The IV is the first block of what is encrypted, from an IV of zeros (NIST SP 800-38A, appendix C: a nonce, encrypted
    /// under the same key, is an IV that nobody can foresee).
    func seal(_ packet: UnsafeMutableRawPointer, textCount: Int, high: UInt32?) -> Bool {
        let start = (packet + ESP.headerLength).assumingMemoryBound(to: UInt8.self)
        let count = Self.ivLength &+ textCount
        var zeros = (UInt64(0), UInt64(0)), written: Int32 = 0
        let encrypted = withUnsafeBytes(of: &zeros) { iv in
            EVP_CipherInit_ex(cipher, nil, nil, nil, iv.baseAddress?.assumingMemoryBound(to: UInt8.self), -1) == 1
                && EVP_CipherUpdate(cipher, start, &written, start, Int32(truncatingIfNeeded: count)) == 1
        }
        guard encrypted, Int(written) == count else { return false }
        return withCode(packet, count: ESP.headerLength &+ count, high: high) { value in
            (start + count).update(from: value, count: ESP.icvLength)
            return true
        }
    }

    func open(_ packet: UnsafeMutableRawPointer, textCount: Int, high: UInt32?) -> Bool {
        let iv = (packet + ESP.headerLength).assumingMemoryBound(to: UInt8.self), text = iv + Self.ivLength
        let isAuthentic = withCode(packet, count: ESP.headerLength &+ Self.ivLength &+ textCount, high: high) { value in
            CRYPTO_memcmp(value, text + textCount, ESP.icvLength) == 0
        }
        var written: Int32 = 0
        return isAuthentic && EVP_CipherInit_ex(cipher, nil, nil, nil, iv, -1) == 1
            && EVP_CipherUpdate(cipher, text, &written, text, Int32(truncatingIfNeeded: textCount)) == 1
            && Int(written) == textCount
    }

    /// The code over `count` bytes and the high half of the sequence number, uncut; false when libcrypto fails.
    private func withCode(
        _ packet: UnsafeMutableRawPointer, count: Int, high: UInt32?, _ body: (UnsafePointer<UInt8>) -> Bool
    ) -> Bool {
        guard EVP_MAC_init(code, nil, 0, nil) == 1,
            EVP_MAC_update(code, packet.assumingMemoryBound(to: UInt8.self), count) == 1
        else { return false }
        if let high {
            let isAdded = withUnsafeBytes(of: high.bigEndian) {
                EVP_MAC_update(code, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count) == 1
            }
            guard isAdded else { return false }
        }
        var value = (UInt64(0), UInt64(0), UInt64(0), UInt64(0)), length = 0
        return withUnsafeMutableBytes(of: &value) { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
            return EVP_MAC_final(code, start, &length, bytes.count) == 1 && length == bytes.count && body(start)
        }
    }
}
