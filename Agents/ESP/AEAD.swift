import WarrenModel

/// Authenticated encryption under one key, in one direction. Callers are generic over it, so that a call costs
/// no more than the cipher. An instance is used by one thread at a time.
public protocol AEAD: AnyObject {
    /// `key` has the algorithm's length, that of its integrity key included, and may go away after the call.
    init(
        _ algorithm: EncryptionAlgorithm, key: UnsafeRawBufferPointer, direction: AEADDirection, library: CipherLibrary
    ) throws(AEADError)

    /// Encrypts `count` bytes at `text` to `sealed`, which is the same place or does not overlap with it, and writes the 16-byte
    /// tag right behind. The nonce has 12 bytes and must never come twice. False when the library fails; then the packet must
    /// not be sent.
    func seal(
        nonce: UnsafeRawPointer, additional: UnsafeRawPointer, additionalCount: Int, text: UnsafeRawPointer, count: Int,
        into sealed: UnsafeMutableRawPointer
    ) -> Bool

    /// Decrypts `count` bytes at `text` in place, behind which the 16-byte tag stands. False when the tag is wrong; then the bytes
    /// must not be looked at.
    func open(
        nonce: UnsafeRawPointer, additional: UnsafeRawPointer, additionalCount: Int, text: UnsafeMutableRawPointer, count: Int
    ) -> Bool

    /// For algorithms that are none (`EncryptionAlgorithm.isAuthenticated`). `packet` is header, IV, `textCount` bytes in whole
    /// blocks, and room for the ICV. The IV holds what was never there under this key, and is encrypted itself; the ICV
    /// covers all before it and the high half of the sequence number, where there is one (RFC 4303, 2.2.1 and 2.8).
    func seal(_ packet: UnsafeMutableRawPointer, textCount: Int, high: UInt32?) -> Bool

    /// The inverse: false when the ICV is wrong; nothing was decrypted then.
    func open(_ packet: UnsafeMutableRawPointer, textCount: Int, high: UInt32?) -> Bool
}

/// What an AEAD instance is for.
public enum AEADDirection: Sendable { case seal, open }

/// Who computes the ciphers of packets.
public enum CipherLibrary: String, Sendable, CaseIterable {
    /// Whoever computes a packet fastest on this processor: the multi-buffer library, where it can be loaded, or as `boringssl`.
    case auto
    /// The multi-buffer library for all that it does; for all else, and where it can't be loaded, as `boringssl`.
    case multiBuffer = "ipsec-mb"
    /// What swift-crypto brings, of which this program is built; libcrypto for what is no AEAD.
    case boringssl
    /// The system's libcrypto alone.
    case libcrypto

    var asksForMultiBuffer: Bool { self == .auto || self == .multiBuffer }
}

/// Why a cipher could not be made.
public enum AEADError: Error, Equatable {
    /// The keying material has another length than the algorithm's key and salt.
    case keyLength(Int)
    /// The cryptographic library refused the key or ran out of memory.
    case library
}
