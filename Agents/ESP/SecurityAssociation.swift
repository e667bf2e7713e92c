import WarrenModel

/// One ESP security association (RFC 4301, 4.4.2.1) as IKE hands it to the data plane: one-way, keyed, never reused.
public struct SecurityAssociation: Sendable, Equatable {
    public let peer: SiteName
    public let direction: SecurityPolicy.Direction
    /// Chosen by the receiver: by us when inbound.
    public let spi: SPI
    public let encryption: EncryptionAlgorithm
    /// Key, then salt: `keyLength + saltLength` bytes (RFC 4106, 8.1).
    public let keyingMaterial: SecretBytes
    public let extendedSequenceNumbers: Bool
    public let mode: IPsecMode
    /// Where its packets go to or come from; `local` is ours in both directions. The ports are those of UDP.
    public let local: Endpoint
    public let remote: Endpoint
    /// Its packets are sent in UDP (RFC 3948); else they are IP's own, of protocol 50, and the ports say nothing. Received, they
    /// may come either way (RFC 7296, 2.23).
    public let udpEncapsulation: Bool
    /// What it may carry, written as packets of this direction have it. A decrypted packet outside is dropped.
    public let selectors: [TrafficSelector]
    /// The queue of this gateway's packet path that it belongs to.
    public let queue: Int
    /// The peer has several queues, each with a port of its own, so that where a packet came from does not say where the peer is.
    public let isFromAnyPort: Bool
    /// `local` is a NAT's before this gateway: packets come to another address, and leave from what the kernel chooses.
    public let isBehindNAT: Bool

    public init(
        peer: SiteName, direction: SecurityPolicy.Direction, spi: SPI, encryption: EncryptionAlgorithm,
        keyingMaterial: SecretBytes, extendedSequenceNumbers: Bool, mode: IPsecMode, local: Endpoint, remote: Endpoint,
        udpEncapsulation: Bool = true, selectors: [TrafficSelector], queue: Int = 0, isFromAnyPort: Bool = false,
        isBehindNAT: Bool = false
    ) {
        self.peer = peer
        self.direction = direction
        self.spi = spi
        self.encryption = encryption
        self.keyingMaterial = keyingMaterial
        self.extendedSequenceNumbers = extendedSequenceNumbers
        self.mode = mode
        self.local = local
        self.remote = remote
        self.udpEncapsulation = udpEncapsulation
        self.selectors = selectors
        self.queue = queue
        self.isFromAnyPort = isFromAnyPort
        self.isBehindNAT = isBehindNAT
    }
}
