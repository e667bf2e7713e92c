/// Asks for the packets of IKE and ESP that a gateway exchanges with its peers, as they come.
public struct CaptureQuestion: Sendable, Hashable {
    public static let mostSeconds: UInt32 = 300
    public static let mostPackets: UInt32 = 100_000
    /// Of what is kept of all packets. A capture that has so much ends.
    public static let mostBytes = 64 << 20
    /// No packet of IP is longer.
    public static let longestPacket = 65_535
    /// More than the headers of any packet that is kept: IP with options, UDP, IKE behind its marker.
    public static let longestHeaders = 128

    /// Only what is exchanged with this one; nil: with every peer.
    public var peer: SiteName?
    public var seconds: UInt32
    public var packets: UInt32
    /// Whole packets, encrypted as they are on the way; else their headers alone.
    public var isWhole: Bool

    public init(peer: SiteName? = nil, seconds: UInt32 = 10, packets: UInt32 = 1_000, isWhole: Bool = false) {
        self.peer = peer
        self.seconds = seconds
        self.packets = packets
        self.isWhole = isWhole
    }

    /// Why it is not one to be asked; nil when it is.
    public var fault: String? {
        if !(1...Self.mostSeconds).contains(seconds) { return "the time is not within 1…\(Self.mostSeconds) s" }
        return (1...Self.mostPackets).contains(packets) ? nil : "the count is not within 1…\(Self.mostPackets)"
    }

    /// The longest that answering takes, in milliseconds.
    public var milliseconds: UInt32 { (min(seconds, Self.mostSeconds) + 5) * 1_000 }

    /// The most that may be kept of one packet.
    public var longestRecord: Int { isWhole ? Self.longestPacket : Self.longestHeaders }
}

/// Some of the packets, in the order in which they came; the first chunk has none, and says that the capture has begun.
public struct CaptureChunk: Sendable, Hashable {
    public struct Packet: Sendable, Hashable {
        /// Since 1970.
        public var nanoseconds: UInt64
        /// Of the whole packet, from its IP header on.
        public var length: Int
        /// Its beginning.
        public var bytes: [UInt8]

        public init(nanoseconds: UInt64, length: Int, bytes: [UInt8]) {
            self.nanoseconds = nanoseconds
            self.length = length
            self.bytes = bytes
        }
    }

    public var packets: [Packet]
    /// How many more came so far than could be taken.
    public var lost: UInt64

    public init(packets: [Packet] = [], lost: UInt64 = 0) {
        self.packets = packets
        self.lost = lost
    }
}
