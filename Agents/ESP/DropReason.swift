/// Why the packet path dropped a packet. Each reason has a counter.
public enum DropReason: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    // On the way out.
    /// The TUN device gave something that is no well-formed IP packet.
    case malformedOutbound
    /// No outbound policy matches the encapsulated packet (RFC 4301, 5.1).
    case noOutboundPolicy
    /// A policy requires an SA and none stands.
    case noAssociation
    /// The SA's sequence numbers or its bytes are used up (RFC 4303, 3.3.3).
    case lifetimeExpired
    /// Larger than a datagram can be, or than the path takes.
    case tooBig
    /// The socket refused the datagram.
    case sendFailed
    /// There is no socket of the SA's address family.
    case noSocket
    /// The cipher failed; the packet was not sent.
    case sealFailed

    // On the way in.
    /// Shorter than the smallest ESP packet, or of no whole number of blocks.
    case truncated
    /// No inbound SA has this SPI.
    case unknownSPI
    /// Seen before, or behind the replay window (RFC 4303, 3.4.3).
    case replayed
    /// The integrity check value is wrong.
    case integrity
    /// The padding is not 1, 2, 3 … or is longer than the payload (RFC 4303, 2.4).
    case badPadding
    /// Next header 59: traffic-flow confidentiality, not an error (RFC 4303, 2.6).
    case dummy
    /// The next header is not what the SA's mode carries.
    case unexpectedProtocol
    /// Outside the SA's selectors (RFC 4301, 5.2 step 4).
    case selectorMismatch
    /// No inbound policy allows it, or it came under another SA than the policy's (RFC 4301, 5.2).
    case policyMismatch
    /// In the clear, though a policy requires protection.
    case unprotected
    /// A fragment of the encapsulating packet that fits to no other.
    case fragment
    /// What was encapsulated is no well-formed IP packet.
    case malformedInbound
    /// Congestion was signalled on a packet whose sender cannot hear it (RFC 6040, 4.2).
    case congestion
    /// No interface is attached for the SA's peer.
    case noTunnel
    /// The TUN device refused the packet.
    case tunnelWriteFailed
    /// The control side does not take its datagrams quickly enough.
    case controlQueueFull

    public var description: String {
        switch self {
        case .malformedOutbound: "malformed-outbound"
        case .noOutboundPolicy: "no-outbound-policy"
        case .noAssociation: "no-association"
        case .lifetimeExpired: "lifetime-expired"
        case .tooBig: "too-big"
        case .sendFailed: "send-failed"
        case .noSocket: "no-socket"
        case .sealFailed: "seal-failed"
        case .truncated: "truncated"
        case .unknownSPI: "unknown-spi"
        case .replayed: "replayed"
        case .integrity: "integrity"
        case .badPadding: "bad-padding"
        case .dummy: "dummy"
        case .unexpectedProtocol: "unexpected-protocol"
        case .selectorMismatch: "selector-mismatch"
        case .policyMismatch: "policy-mismatch"
        case .unprotected: "unprotected"
        case .fragment: "fragment"
        case .malformedInbound: "malformed-inbound"
        case .congestion: "congestion"
        case .noTunnel: "no-tunnel"
        case .tunnelWriteFailed: "tunnel-write-failed"
        case .controlQueueFull: "control-queue-full"
        }
    }
}
