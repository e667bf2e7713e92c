import CLibcrypto
import WarrenModel

/// AES-GCM and ChaCha20-Poly1305, each with a 16-byte tag, by libcrypto's EVP interface. The key schedule is made once: a
/// packet only sets its nonce. Whoever makes one frees it.
struct LibcryptoAEAD {
    private let context: OpaquePointer

    init(
        _ algorithm: EncryptionAlgorithm, key: UnsafeRawBufferPointer, direction: AEADDirection
    ) throws(AEADError) {
        guard key.count == algorithm.keyLength else { throw .keyLength(key.count) }
        let cipher =
            switch algorithm {
            case .aes128gcm16: EVP_aes_128_gcm()
            case .aes256gcm16: EVP_aes_256_gcm()
            case .chacha20poly1305: EVP_chacha20_poly1305()
            case .aes128sha256, .aes256sha256: nil as OpaquePointer?
            }
        guard let cipher, let context = EVP_CIPHER_CTX_new() else { throw .library }
        self.context = context
        let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
        // The default nonce of each is the 12 bytes that RFC 4106 and RFC 7634 use.
        let isReady =
            direction == .seal
            ? EVP_EncryptInit_ex(context, cipher, nil, bytes, nil) == 1
            : EVP_DecryptInit_ex(context, cipher, nil, bytes, nil) == 1
        guard isReady else {
            free()
            throw .library
        }
    }

    func free() { EVP_CIPHER_CTX_free(context) }

    @inline(__always)
    func seal(
        nonce: UnsafeRawPointer, additional: UnsafeRawPointer, additionalCount: Int, text: UnsafeRawPointer, count: Int,
        into sealed: UnsafeMutableRawPointer
    ) -> Bool {
        var written: Int32 = 0
        let bytes = sealed.assumingMemoryBound(to: UInt8.self)
        return EVP_EncryptInit_ex(context, nil, nil, nil, nonce.assumingMemoryBound(to: UInt8.self)) == 1
            && EVP_EncryptUpdate(
                context, nil, &written, additional.assumingMemoryBound(to: UInt8.self),
                Int32(truncatingIfNeeded: additionalCount))
                == 1
            && EVP_EncryptUpdate(
                context, bytes, &written, text.assumingMemoryBound(to: UInt8.self), Int32(truncatingIfNeeded: count))
                == 1
            && EVP_EncryptFinal_ex(context, bytes + count, &written) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(ESP.icvLength), bytes + count) == 1
    }

    @inline(__always)
    func open(
        nonce: UnsafeRawPointer, additional: UnsafeRawPointer, additionalCount: Int, text: UnsafeMutableRawPointer, count: Int
    ) -> Bool {
        var written: Int32 = 0
        let bytes = text.assumingMemoryBound(to: UInt8.self)
        return EVP_DecryptInit_ex(context, nil, nil, nil, nonce.assumingMemoryBound(to: UInt8.self)) == 1
            && EVP_DecryptUpdate(
                context, nil, &written, additional.assumingMemoryBound(to: UInt8.self),
                Int32(truncatingIfNeeded: additionalCount))
                == 1
            && EVP_DecryptUpdate(context, bytes, &written, bytes, Int32(truncatingIfNeeded: count)) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(ESP.icvLength), text + count) == 1
            // Compares the tag in constant time.
            && EVP_DecryptFinal_ex(context, bytes + count, &written) == 1
    }
}
