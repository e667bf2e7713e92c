import WarrenModel

/// What the packet path counted of one SA.
public struct AssociationCounters: Sendable, Equatable {
    public var peer: SiteName
    public var direction: SecurityPolicy.Direction
    public var spi: SPI
    public var packets: UInt64
    /// Bytes of inner packets.
    public var bytes: UInt64
    /// CLOCK_MONOTONIC; nil before the first packet.
    public var lastUsed: MonotonicTime?
    /// Outbound: the last number sent. Inbound: the highest authenticated.
    public var sequenceNumber: UInt64

    public init(
        peer: SiteName, direction: SecurityPolicy.Direction, spi: SPI, packets: UInt64 = 0, bytes: UInt64 = 0,
        lastUsed: MonotonicTime? = nil, sequenceNumber: UInt64 = 0
    ) {
        self.peer = peer
        self.direction = direction
        self.spi = spi
        self.packets = packets
        self.bytes = bytes
        self.lastUsed = lastUsed
        self.sequenceNumber = sequenceNumber
    }
}
