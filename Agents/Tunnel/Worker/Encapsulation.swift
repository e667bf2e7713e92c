import ESP
import WarrenModel

/// The header that a gif tunnel puts before a packet (RFC 2003, RFC 2473, RFC 4213).
struct Encapsulation {
    static let hopLimit: UInt8 = 64

    let isIPv6: Bool
    /// Local, then remote, as numbers.
    private let source: UInt128
    private let destination: UInt128

    init(_ outer: AddressPair) {
        isIPv6 = outer.local.family == .ipv6
        source = outer.local.bits
        destination = outer.remote.bits
    }

    var length: Int { isIPv6 ? 40 : 20 }
    var encapsulationProtocol: UInt8 { isIPv6 ? 41 : 4 }

    /// Writes `length` bytes before a packet of `count`. The traffic class, ECN and all, is the packet's own (RFC 6040, 4.1).
    /// IPv4: DF is set, so the identification may be 0 (RFC 6864, 4.1).
    @inline(__always)
    func write(to target: UnsafeMutableRawPointer, carrying ipProtocol: UInt8, count: Int, trafficClass: UInt8) {
        if isIPv6 {
            target.storeNetwork(UInt32(6) << 28 | UInt32(trafficClass) << 20, at: 0)
            target.storeNetwork(UInt16(truncatingIfNeeded: count), at: 4)
            target.storeBytes(of: ipProtocol, toByteOffset: 6, as: UInt8.self)
            target.storeBytes(of: Self.hopLimit, toByteOffset: 7, as: UInt8.self)
            target.storeNetwork(source, at: 8)
            target.storeNetwork(destination, at: 24)
        } else {
            target.storeNetwork(UInt16(0x4500) | UInt16(trafficClass), at: 0)
            target.storeNetwork(UInt16(truncatingIfNeeded: count &+ 20), at: 2)
            target.storeNetwork(UInt32(0x4000), at: 4)
            target.storeBytes(of: Self.hopLimit, toByteOffset: 8, as: UInt8.self)
            target.storeBytes(of: ipProtocol, toByteOffset: 9, as: UInt8.self)
            target.storeNetwork(UInt32(truncatingIfNeeded: source), at: 12)
            target.storeNetwork(UInt32(truncatingIfNeeded: destination), at: 16)
            InternetChecksum.finishIPv4(target, length: 20)
        }
    }
}
