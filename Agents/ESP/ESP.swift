import WarrenModel

/// IP Encapsulating Security Payload (RFC 4303) with AES-GCM (RFC 4106), ChaCha20-Poly1305 (RFC 7634), or AES-CBC and
/// HMAC-SHA-256-128 (RFC 3602, RFC 4868): the packet format, the security policy database, the security association database
/// and the replay window. Pure apart from the ciphers, which IPSec_MB, BoringSSL and libcrypto compute.
///
/// Start at `SecurityPolicyDatabase` (what must be protected), `OutboundAssociation.seal` and `InboundAssociation.open`.
/// Packets are raw memory that the caller owns; nothing here allocates for a packet, and nothing traps on its content.
public enum ESP {
    /// SPI and sequence number (RFC 4303, 2).
    public static let headerLength = 8
    /// Pad length and next header, behind the padding.
    public static let trailerLength = 2
    public static let icvLength = 16
    /// A packet that carries nothing and is dropped silently (RFC 4303, 2.6).
    public static let noNextHeader: UInt8 = 59
}

/// Where the parts of a packet stand, which its cipher decides.
public struct PacketLayout: Sendable, Equatable {
    /// Where the payload starts: behind the header and the explicit IV.
    public let payloadOffset: Int
    /// The smallest whole packet: an empty payload is padded to a block with its trailer.
    public let minimumLength: Int
    /// A block's length, which is a power of two, less one.
    @usableFromInline let blockMask: Int

    public init(_ algorithm: EncryptionAlgorithm) {
        payloadOffset = ESP.headerLength + algorithm.ivLength
        minimumLength = payloadOffset + algorithm.blockLength + ESP.icvLength
        blockMask = algorithm.blockLength - 1
    }

    /// Bytes of padding that bring the payload and its trailer to whole blocks (RFC 4303, 2.4).
    @inlinable
    public func paddingLength(payload count: Int) -> Int { (0 &- ESP.trailerLength &- count) & blockMask }

    /// Bytes of the whole packet around a payload.
    @inlinable
    public func sealedLength(payload count: Int) -> Int {
        payloadOffset &+ count &+ paddingLength(payload: count) &+ ESP.trailerLength &+ ESP.icvLength
    }

    /// Whether a packet can be one: not too short, and of whole blocks.
    @inlinable
    public func fits(_ count: Int) -> Bool { count >= minimumLength && (count &- minimumLength) & blockMask == 0 }
}
