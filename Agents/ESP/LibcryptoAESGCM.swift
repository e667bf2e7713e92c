import CLibcrypto

/// AES-GCM with a 16-byte tag by libcrypto's EVP interface. The key schedule is made once: a packet only sets its nonce.
public final class LibcryptoAESGCM: AEAD {
    private let context: OpaquePointer
    private let ready: Bool

    public init(key: UnsafeRawBufferPointer, direction: AEADDirection) throws(AEADError) {
        let cipher: OpaquePointer?
        switch key.count {
        case 16: cipher = EVP_aes_128_gcm()
        case 32: cipher = EVP_aes_256_gcm()
        default: throw .keyLength(key.count)
        }
        guard let context = EVP_CIPHER_CTX_new(), let cipher else { throw .library }
        self.context = context
        let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
        // GCM's default nonce is the 12 bytes that RFC 4106 uses.
        ready =
            direction == .seal
            ? EVP_EncryptInit_ex(context, cipher, nil, bytes, nil) == 1
            : EVP_DecryptInit_ex(context, cipher, nil, bytes, nil) == 1
        guard ready else { throw .library }
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    public func seal(
        nonce: UnsafeRawPointer, additional: UnsafeRawPointer, additionalCount: Int, text: UnsafeMutableRawPointer, count: Int
    ) -> Bool {
        var written: Int32 = 0
        let bytes = text.assumingMemoryBound(to: UInt8.self)
        return EVP_EncryptInit_ex(context, nil, nil, nil, nonce.assumingMemoryBound(to: UInt8.self)) == 1
            && EVP_EncryptUpdate(
                context, nil, &written, additional.assumingMemoryBound(to: UInt8.self),
                Int32(truncatingIfNeeded: additionalCount))
                == 1
            && EVP_EncryptUpdate(context, bytes, &written, bytes, Int32(truncatingIfNeeded: count)) == 1
            && EVP_EncryptFinal_ex(context, bytes + count, &written) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(ESP.icvLength), text + count) == 1
    }

    public func open(
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
