/// How much may pass by an SA in its one direction (RFC 4301, 4.4.2.1): at a soft limit it asks for its successor, at a hard
/// one it stops. Bytes are those of payloads: of what ESP protects. Sequence numbers have limits of their own: three quarters
/// of what they can count, and all of it (RFC 4303, 3.3.3).
public struct SALimits: Sendable, Hashable {
    public var softBytes: UInt64
    public var hardBytes: UInt64
    public var softPackets: UInt64
    public var hardPackets: UInt64

    public init(
        softBytes: UInt64 = .max, hardBytes: UInt64 = .max, softPackets: UInt64 = .max, hardPackets: UInt64 = .max
    ) {
        self.softBytes = softBytes
        self.hardBytes = hardBytes
        self.softPackets = softPackets
        self.hardPackets = hardPackets
    }
}
