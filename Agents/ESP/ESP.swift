/// IP Encapsulating Security Payload (RFC 4303) with AES-GCM (RFC 4106): the packet format, the security policy database,
/// the security association database and the replay window. Pure apart from the cipher, which libcrypto computes.
///
/// Start at `SecurityPolicyDatabase` (what must be protected), `OutboundAssociation.seal` and `InboundAssociation.open`.
/// Packets are raw memory that the caller owns; nothing here allocates for a packet, and nothing traps on its content.
public enum ESP {
    /// SPI and sequence number (RFC 4303, 2).
    public static let headerLength = 8
    /// The explicit IV (RFC 4106, 3.1).
    public static let ivLength = 8
    /// Where the payload starts.
    public static let payloadOffset = headerLength + ivLength
    /// Pad length and next header, behind the padding.
    public static let trailerLength = 2
    public static let icvLength = 16
    /// The nonce of AES-GCM: the salt and the IV (RFC 4106, 4).
    public static let nonceLength = 12
    /// A packet that carries nothing and is dropped silently (RFC 4303, 2.6).
    public static let noNextHeader: UInt8 = 59
    /// The smallest whole packet: an empty payload is padded to four bytes with its trailer.
    public static let minimumLength = payloadOffset + 4 + icvLength

    /// Bytes of padding that bring the payload and its trailer to a multiple of four (RFC 4303, 2.4).
    @inlinable
    public static func paddingLength(payload count: Int) -> Int { (2 &- count) & 3 }

    /// Bytes of the whole packet around a payload.
    @inlinable
    public static func sealedLength(payload count: Int) -> Int {
        payloadOffset &+ count &+ paddingLength(payload: count) &+ trailerLength &+ icvLength
    }
}
