import WarrenModel

/// The sending end of an ESP SA: its cipher, its sequence number, its counters and limits.
///
/// The 64-bit sequence number is also the IV, so that a nonce never comes twice under one key (RFC 4106, 3.1); it never
/// wraps. CBC needs an IV that nobody can foresee: it is the sequence number, encrypted. A value of this type must never be made twice from the same keying material.
public final class OutboundAssociation<Cipher: AEAD> {
    public let securityAssociation: SecurityAssociation
    public let layout: PacketLayout
    /// The number of the last packet sent; 0 before the first.
    public private(set) var sequenceNumber: UInt64 = 0
    public private(set) var packets: UInt64 = 0
    /// Bytes of payloads: of what ESP protects.
    public private(set) var bytes: UInt64 = 0

    private let cipher: Cipher
    private let salt: UInt32
    private let spi: UInt32
    private let extended: Bool
    private let isAuthenticated: Bool
    /// Each packet has one, so that they tell of limits of packets too.
    private let lastSequenceNumber: UInt64
    private let softSequenceNumber: UInt64
    private let softBytes: UInt64
    private let hardBytes: UInt64

    /// `startingAfter` is for tests of the far end of the sequence space.
    public init(
        _ securityAssociation: SecurityAssociation, limits: SALimits = .init(), startingAfter sequenceNumber: UInt64 = 0,
        library: CipherLibrary = .auto
    ) throws(AEADError) {
        (cipher, salt) = try makeCipher(of: securityAssociation, direction: .seal, library: library)
        self.securityAssociation = securityAssociation
        self.sequenceNumber = sequenceNumber
        spi = securityAssociation.spi.rawValue
        extended = securityAssociation.extendedSequenceNumbers
        layout = PacketLayout(securityAssociation.encryption)
        isAuthenticated = securityAssociation.encryption.isAuthenticated
        let last = extended ? .max : UInt64(UInt32.max)
        lastSequenceNumber = min(last, limits.hardPackets)
        softSequenceNumber = min(last / 4 * 3, limits.softPackets)
        softBytes = limits.softBytes
        hardBytes = limits.hardBytes
    }

    /// Whether a successor should be negotiated.
    public var isPastSoftLimit: Bool { bytes >= softBytes || sequenceNumber >= softSequenceNumber }
    /// Whether it can seal no more.
    public var isExhausted: Bool { bytes >= hardBytes || sequenceNumber >= lastSequenceNumber }

    /// Seals, in place, the payload of `count` bytes at `packet + layout.payloadOffset`.
    public func seal(_ packet: UnsafeMutableRawPointer, payload count: Int, nextHeader: UInt8) -> DropReason? {
        seal(packet, from: packet + layout.payloadOffset, payload: count, nextHeader: nextHeader)
    }

    /// Seals the payload of `count` bytes at `source`, which is `packet + layout.payloadOffset` or apart from the packet: then
    /// the 8 bytes behind it are used in between, and are again what they were. At `packet` there must be room for
    /// `layout.sealedLength(payload: count)` bytes. Returns why the packet must not be sent, or nil for success.
    public func seal(
        _ packet: UnsafeMutableRawPointer, from source: UnsafeMutableRawPointer, payload count: Int, nextHeader: UInt8
    ) -> DropReason? {
        guard bytes < hardBytes, sequenceNumber < lastSequenceNumber else { return .lifetimeExpired }
        sequenceNumber &+= 1
        let sequence = sequenceNumber
        packet.storeNetwork(spi, at: 0)
        packet.storeNetwork(UInt32(truncatingIfNeeded: sequence), at: 4)
        packet.storeNetwork(sequence, at: ESP.headerLength)
        let padding = layout.paddingLength(payload: count)
        let place = packet + layout.payloadOffset, textCount = count &+ padding &+ ESP.trailerLength
        var text = source
        if !isAuthenticated, text != place {
            place.copyMemory(from: text, byteCount: count)
            text = place
        }
        let trailer = text + count
        // Padding to whole words and the trailer's own bytes are five at most.
        let behind = trailer.loadUnaligned(as: UInt64.self)
        var index = 0
        while index < padding {
            trailer.storeBytes(of: UInt8(truncatingIfNeeded: index &+ 1), toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
        trailer.storeBytes(of: UInt8(truncatingIfNeeded: padding), toByteOffset: padding, as: UInt8.self)
        trailer.storeBytes(of: nextHeader, toByteOffset: padding &+ 1, as: UInt8.self)

        let sealed: Bool
        if isAuthenticated {
            sealed = withNonce(salt: salt, packet: packet) { nonce in
                withAdditionalData(spi: spi, sequence: sequence, extended: extended) { additional, additionalCount in
                    cipher.seal(
                        nonce: nonce, additional: additional, additionalCount: additionalCount, text: text, count: textCount,
                        into: place)
                }
            }
            if text != place { trailer.storeBytes(of: behind, as: UInt64.self) }
        } else {
            packet.storeNetwork(UInt64(0), at: ESP.headerLength + 8)
            sealed = cipher.seal(
                packet, textCount: textCount, high: extended ? UInt32(truncatingIfNeeded: sequence >> 32) : nil)
        }
        guard sealed else { return .sealFailed }
        packets &+= 1
        bytes &+= UInt64(truncatingIfNeeded: count)
        return nil
    }
}

/// Splits keying material into key and salt (RFC 4106, 8.1; RFC 7634, 2). The salt keeps its bytes' order in memory; where
/// there is none, the whole is keys.
func makeCipher<Cipher: AEAD>(
    of securityAssociation: SecurityAssociation, direction: AEADDirection, library: CipherLibrary
) throws(AEADError) -> (Cipher, salt: UInt32) {
    let algorithm = securityAssociation.encryption, material = securityAssociation.keyingMaterial
    guard material.count == algorithm.keyingMaterialLength else { throw .keyLength(material.count) }
    let result: Result<(Cipher, UInt32), AEADError> = material.withBytes { bytes in
        let key = UnsafeRawBufferPointer(rebasing: bytes.dropLast(algorithm.saltLength))
        let salt = algorithm.saltLength == 0 ? 0 : bytes.loadUnaligned(fromByteOffset: key.count, as: UInt32.self)
        do throws(AEADError) {
            return .success((try Cipher(algorithm, key: key, direction: direction, library: library), salt))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

/// Salt and IV (RFC 4106, 4).
@inline(__always)
func withNonce<R>(salt: UInt32, packet: UnsafeMutableRawPointer, _ body: (UnsafeRawPointer) -> R) -> R {
    let nonce = (
        salt, packet.loadUnaligned(fromByteOffset: ESP.headerLength, as: UInt32.self),
        packet.loadUnaligned(fromByteOffset: ESP.headerLength + 4, as: UInt32.self)
    )
    return withUnsafeBytes(of: nonce) { body($0.baseAddress.unsafelyUnwrapped) }
}

/// SPI and sequence number: the low 32 bits, or all 64 with ESN (RFC 4106, 5).
@inline(__always)
func withAdditionalData<R>(spi: UInt32, sequence: UInt64, extended: Bool, _ body: (UnsafeRawPointer, Int) -> R) -> R {
    let low = UInt32(truncatingIfNeeded: sequence).bigEndian
    let data =
        extended
        ? (spi.bigEndian, UInt32(truncatingIfNeeded: sequence >> 32).bigEndian, low) : (spi.bigEndian, low, UInt32(0))
    return withUnsafeBytes(of: data) { body($0.baseAddress.unsafelyUnwrapped, extended ? 12 : 8) }
}
