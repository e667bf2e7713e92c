/// Echo requests (ICMP) from the gateway.
public struct EchoQuestion: Sendable, Hashable {
    public static let mostRequests = 100
    public static let smallestPacket = 36
    public static let largestPacket = 65_535
    /// Between two requests, in milliseconds.
    public static let intervals: ClosedRange<UInt32> = 10...10_000

    public var destination: IPAddress
    /// An address of the gateway; nil: its inner address, that of the network that it keeps the tunnels for.
    public var source: IPAddress?
    public var count: Int
    /// Of each whole IP packet, in bytes; 0: as small as it can be.
    public var packetSize: Int
    /// A packet that is too large for the path is lost, rather than cut in pieces.
    public var dontFragment: Bool
    public var intervalMilliseconds: UInt32

    public init(
        to destination: IPAddress, from source: IPAddress? = nil, count: Int = 3, packetSize: Int = 0,
        dontFragment: Bool = false, intervalMilliseconds: UInt32 = 200
    ) {
        self.destination = destination
        self.source = source
        self.count = count
        self.packetSize = packetSize
        self.dontFragment = dontFragment
        self.intervalMilliseconds = intervalMilliseconds
    }

    /// Why it is not one to be asked; nil when it is.
    public var fault: String? {
        if let source, source.family != destination.family { return "the two addresses are of different families" }
        if !(1...Self.mostRequests).contains(count) { return "the count is not within 1…\(Self.mostRequests)" }
        if packetSize != 0, !(Self.smallestPacket...Self.largestPacket).contains(packetSize) {
            return "the size is not within \(Self.smallestPacket)…\(Self.largestPacket)"
        }
        return Self.intervals.contains(intervalMilliseconds) ? nil : "the interval is not within 10…10000 ms"
    }

    /// How long the last answer is waited for, in milliseconds.
    public static let patienceMilliseconds: UInt32 = 1_000

    /// The longest that answering takes.
    public var milliseconds: UInt32 { UInt32(clamping: max(0, count - 1)) * intervalMilliseconds + Self.patienceMilliseconds }
}

/// What came of the requests.
public struct EchoAnswer: Sendable, Hashable {
    public var source: IPAddress
    public var sent: Int
    /// Of those that were answered, in order.
    public var roundTripsMilliseconds: [Double]
    /// What the kernel said last of a request that it did not send, or that an ICMP error came back for; nil when nothing.
    public var fault: String?

    public init(source: IPAddress, sent: Int, roundTripsMilliseconds: [Double] = [], fault: String? = nil) {
        self.source = source
        self.sent = sent
        self.roundTripsMilliseconds = roundTripsMilliseconds
        self.fault = fault
    }

    public var answered: Int { roundTripsMilliseconds.count }
}
