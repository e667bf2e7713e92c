import WarrenModel

/// The receiving end of an ESP SA: its cipher, its replay window, its counters and limits.
public final class InboundAssociation<Cipher: AEAD> {
    /// What became of a packet.
    public enum Opened: Equatable {
        /// The payload stands at `layout.payloadOffset`, decrypted, without padding.
        case payload(count: Int, nextHeader: UInt8)
        /// The same of a dummy packet, which is no error and is thrown away (RFC 4303, 2.6).
        case dummy(count: Int)
        case dropped(DropReason)
    }

    public let securityAssociation: SecurityAssociation
    public let layout: PacketLayout
    public private(set) var packets: UInt64 = 0
    /// Bytes of payloads: of what ESP protected.
    public private(set) var bytes: UInt64 = 0

    private let cipher: Cipher
    private let salt: UInt32
    private let spi: UInt32
    private let extended: Bool
    private let isAuthenticated: Bool
    private let limits: SALimits
    private var window: ReplayWindow

    public init(
        _ securityAssociation: SecurityAssociation, limits: SALimits = .init(), library: CipherLibrary = .auto
    ) throws(AEADError) {
        (cipher, salt) = try makeCipher(of: securityAssociation, direction: .open, library: library)
        self.securityAssociation = securityAssociation
        spi = securityAssociation.spi.rawValue
        extended = securityAssociation.extendedSequenceNumbers
        layout = PacketLayout(securityAssociation.encryption)
        isAuthenticated = securityAssociation.encryption.isAuthenticated
        window = ReplayWindow(extended: extended)
        self.limits = limits
    }

    /// The highest authenticated sequence number.
    public var sequenceNumber: UInt64 { window.top }
    /// Whether a successor should be negotiated.
    public var isPastSoftLimit: Bool { bytes >= limits.softBytes || packets >= limits.softPackets }
    public var isExhausted: Bool { bytes >= limits.hardBytes || packets >= limits.hardPackets }

    /// Opens, in place, a packet of `count` bytes: length, replay, integrity, padding, in that order (RFC 4303, 3.4). The
    /// packet's SPI is this SA's. Whatever is wrong with it, only an authenticated packet moves the window.
    public func open(_ packet: UnsafeMutableRawPointer, count: Int) -> Opened {
        guard layout.fits(count) else { return .dropped(.truncated) }
        guard !isExhausted else { return .dropped(.lifetimeExpired) }
        guard let sequence = window.sequence(low: packet.network(at: 4, as: UInt32.self)), window.check(sequence) else {
            return .dropped(.replayed)
        }
        let text = packet + layout.payloadOffset
        let textCount = count &- layout.payloadOffset &- ESP.icvLength
        let authentic: Bool
        if isAuthenticated {
            authentic = withNonce(salt: salt, packet: packet) { nonce in
                withAdditionalData(spi: spi, sequence: sequence, extended: extended) { additional, additionalCount in
                    cipher.open(
                        nonce: nonce, additional: additional, additionalCount: additionalCount, text: text, count: textCount)
                }
            }
        } else {
            authentic = cipher.open(
                packet, textCount: textCount, high: extended ? UInt32(truncatingIfNeeded: sequence >> 32) : nil)
        }
        guard authentic else { return .dropped(.integrity) }
        window.update(sequence)

        let padding = Int(text.load(fromByteOffset: textCount &- 2, as: UInt8.self))
        let nextHeader = text.load(fromByteOffset: textCount &- 1, as: UInt8.self)
        let payload = textCount &- ESP.trailerLength &- padding
        guard payload >= 0 else { return .dropped(.badPadding) }
        var index = 0
        while index < padding {
            guard text.load(fromByteOffset: payload &+ index, as: UInt8.self) == UInt8(truncatingIfNeeded: index &+ 1) else {
                return .dropped(.badPadding)
            }
            index &+= 1
        }
        guard nextHeader != ESP.noNextHeader else { return .dummy(count: payload) }
        packets &+= 1
        bytes &+= UInt64(truncatingIfNeeded: payload)
        return .payload(count: payload, nextHeader: nextHeader)
    }
}
