import WarrenModel

/// The queues of a packet path, each with child SAs of its own (RFC 9611). The SPIs that a gateway with several allots name the
/// queue, so that the kernel gives a packet to its queue's socket without knowing the SA.
public enum PacketQueues {
    public static let maximum = 8
    /// The bits of an SPI that name the queue.
    public static let spiMask = UInt32(maximum - 1)

    /// A number as an SPI of this queue.
    public static func spi(_ number: UInt32, of queue: Int) -> SPI {
        SPI(rawValue: number & ~spiMask | UInt32(truncatingIfNeeded: queue) & spiMask)
    }
}
