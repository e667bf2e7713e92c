import ESP
import WarrenModel

/// The checked facts of an IP header: whoever holds one may read `totalLength` bytes of the packet.
struct IPHeader {
    let isIPv6: Bool
    /// 20…60, or 40.
    let headerLength: Int
    /// Header and payload, as the header says; never more than what is there.
    let totalLength: Int
    /// IPv4: the protocol. IPv6: the first next header.
    let nextProtocol: UInt8
    /// TOS, or traffic class.
    let trafficClass: UInt8
    /// A fragment, the first and the last included.
    let isFragment: Bool

    /// Nil when the bytes are no IP packet, or fewer than their header says (RFC 791, 3.1; RFC 8200, 3).
    @inline(__always)
    init?(_ bytes: UnsafeRawPointer, count: Int) {
        guard count >= 20 else { return nil }
        let first = bytes.load(as: UInt8.self)
        switch first >> 4 {
        case 4:
            isIPv6 = false
            headerLength = Int(first & 15) &* 4
            totalLength = Int(bytes.network(at: 2, as: UInt16.self))
            guard headerLength >= 20, totalLength >= headerLength, totalLength <= count else { return nil }
            nextProtocol = bytes.load(fromByteOffset: 9, as: UInt8.self)
            trafficClass = bytes.load(fromByteOffset: 1, as: UInt8.self)
            isFragment = bytes.network(at: 6, as: UInt16.self) & 0x3fff != 0
        case 6:
            guard count >= 40 else { return nil }
            isIPv6 = true
            headerLength = 40
            totalLength = 40 &+ Int(bytes.network(at: 4, as: UInt16.self))
            guard totalLength <= count else { return nil }
            nextProtocol = bytes.load(fromByteOffset: 6, as: UInt8.self)
            trafficClass = UInt8(truncatingIfNeeded: bytes.network(at: 0, as: UInt16.self) >> 4)
            isFragment = nextProtocol == 44
        default:
            return nil
        }
    }

    /// 4 or 41: what a packet of this version is to an encapsulating header.
    var encapsulationProtocol: UInt8 { isIPv6 ? 41 : 4 }

    @inline(__always)
    func source(_ bytes: UnsafeRawPointer) -> UInt128 {
        isIPv6 ? bytes.network(at: 8, as: UInt128.self) : UInt128(bytes.network(at: 12, as: UInt32.self))
    }

    @inline(__always)
    func destination(_ bytes: UnsafeRawPointer) -> UInt128 {
        isIPv6 ? bytes.network(at: 24, as: UInt128.self) : UInt128(bytes.network(at: 16, as: UInt32.self))
    }
}

/// Explicit congestion notification through tunnels (RFC 6040, normal mode).
enum CongestionNotification {
    static let mask: UInt8 = 3
    static let notCapable: UInt8 = 0
    static let capable1: UInt8 = 1
    static let experienced: UInt8 = 3

    /// The ECN field of the packet that leaves the tunnel (RFC 6040, 4.2); nil: drop it.
    @inline(__always)
    static func merge(outer: UInt8, inner: UInt8) -> UInt8? {
        switch (outer & mask, inner & mask) {
        case (experienced, notCapable): nil
        case (_, notCapable): notCapable
        case (_, experienced), (experienced, _): experienced
        case (capable1, _): capable1
        case (_, let inner): inner
        }
    }

    /// Writes the ECN field; keeps an IPv4 header's checksum right (RFC 1624, equation 3).
    @inline(__always)
    static func write(_ field: UInt8, to ip: UnsafeMutableRawPointer, isIPv6: Bool) {
        let before = ip.network(at: 0, as: UInt16.self)
        let shift: UInt16 = isIPv6 ? 4 : 0
        let after = before & ~(UInt16(mask) << shift) | UInt16(field & mask) << shift
        ip.storeNetwork(after, at: 0)
        if !isIPv6 {
            let checksum = ip.network(at: 10, as: UInt16.self)
            var sum = UInt32(~checksum) &+ UInt32(~before) &+ UInt32(after)
            sum = (sum & 0xffff) &+ (sum >> 16)
            sum = (sum & 0xffff) &+ (sum >> 16)
            ip.storeNetwork(~UInt16(truncatingIfNeeded: sum), at: 10)
        }
    }
}
