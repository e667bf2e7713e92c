import ESP
import WarrenModel

/// One IKE message as UDP carries it, without the four zero bytes that mark IKE on port 4500 (RFC 3948, 2.2): the shell
/// adds and strips them when `local.port` is 4500.
public struct IKEDatagram: Sendable, Equatable {
    public let local: Endpoint
    public let remote: Endpoint
    public let bytes: [UInt8]

    public init(local: Endpoint, remote: Endpoint, bytes: [UInt8]) {
        self.local = local
        self.remote = remote
        self.bytes = bytes
    }
}

/// The limits of one SA. At a soft limit of bytes or packets the shell calls `softLimitReached`; soft seconds are the
/// engine's own. Past a hard limit the SA must not be used; the engine removes it at the hard seconds.
public struct SALifetime: Sendable, Hashable {
    public let softSeconds: UInt64
    public let hardSeconds: UInt64
    public let limits: SALimits

    public init(softSeconds: UInt64, hardSeconds: UInt64, limits: SALimits) {
        self.softSeconds = softSeconds
        self.hardSeconds = hardSeconds
        self.limits = limits
    }
}

/// What the shell shall do, in this order.
public enum IKEOutput: Sendable, Equatable {
    case send(IKEDatagram)
    /// One byte 0xFF over UDP (RFC 3948, 2.3), without the non-ESP marker.
    case sendKeepalive(local: Endpoint, remote: Endpoint)
    case addInbound(SecurityAssociation, SALifetime)
    /// The SA becomes the one that packets to its peer are sealed under. Each SA is added once.
    case addOutbound(SecurityAssociation, SALifetime)
    /// Authentic messages now come from another port of the peer: its outbound SAs to this address send there.
    case redirect(peer: SiteName, remote: Endpoint)
    /// Forget the SA; when it was the outbound one in use, the newest of those that remain is used instead. It may be unknown when its other half was never added. `SPI` of an outbound SA is the peer's choice,
    /// so it is unique only together with `peer`.
    case remove(SPI, SecurityPolicy.Direction, peer: SiteName)
    /// Something for the log; holds no secret.
    case event(IKEEvent)
}

/// Something worth a line in the log.
public struct IKEEvent: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        case established, childEstablished, childRekeyed, ikeRekeyed, childClosed, closed, failed, peerDead, refused, notice
    }
    public let peer: SiteName?
    public let kind: Kind
    public let text: String

    public init(peer: SiteName?, kind: Kind, text: String) {
        self.peer = peer
        self.kind = kind
        self.text = text
    }

    public var description: String { "\(peer?.description ?? "-") \(kind.rawValue): \(text)" }
}
