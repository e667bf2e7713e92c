/// An IP protocol number (IANA "Assigned Internet Protocol Numbers"); 0 in a traffic selector means any.
public struct IPProtocol: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let any = IPProtocol(rawValue: 0)
    public static let icmp = IPProtocol(rawValue: 1)
    /// IPv4 inside IP (RFC 2003): what a gif tunnel carries.
    public static let ipencap = IPProtocol(rawValue: 4)
    public static let tcp = IPProtocol(rawValue: 6)
    public static let udp = IPProtocol(rawValue: 17)
    /// IPv6 inside IP (RFC 2473).
    public static let ipv6 = IPProtocol(rawValue: 41)
    public static let esp = IPProtocol(rawValue: 50)
    public static let icmpv6 = IPProtocol(rawValue: 58)

    /// The name that `/etc/protocols` of FreeBSD and Debian share, or the number.
    public var description: String {
        switch self {
        case .any: "any"
        case .icmp: "icmp"
        case .ipencap: "ipencap"
        case .tcp: "tcp"
        case .udp: "udp"
        case .ipv6: "ipv6"
        case .esp: "esp"
        case .icmpv6: "ipv6-icmp"
        default: String(rawValue)
        }
    }
}
