import CWarrenSystem
import ESP
import Glibc
import WarrenModel

/// Where a datagram goes, and from which of our addresses, as the system wants it; nil: the kernel chooses.
struct SocketRoute {
    var raw = warren_route()

    /// Without UDP, the port says nothing.
    init(local: IPAddress?, remote: Endpoint, isUDP: Bool = true) {
        raw.family = remote.address.family == .ipv4 ? AF_INET : AF_INET6
        raw.remote_port = isUDP ? remote.port : 0
        withUnsafeMutableBytes(of: &raw.remote) { $0.copyBytes(from: remote.address.bytes) }
        // A source of the other family cannot be.
        guard let local, local.family == remote.address.family else { return }
        withUnsafeMutableBytes(of: &raw.local) { $0.copyBytes(from: local.bytes) }
    }
}

extension SecurityAssociation {
    /// What its datagrams are sent from.
    var source: IPAddress? { isBehindNAT ? nil : local.address }
}

extension warren_origin {
    var isIPv6: Bool { family == AF_INET6 }
    var localAddress: IPAddress { Self.address(local, isIPv6: isIPv6) }
    var remoteAddress: IPAddress { Self.address(remote, isIPv6: isIPv6) }

    private static func address<Bytes: BitwiseCopyable>(_ bytes: Bytes, isIPv6: Bool) -> IPAddress {
        withUnsafeBytes(of: bytes) { bytes in
            isIPv6
                ? IPAddress(v6: UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self)))
                : IPAddress(v4: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
        }
    }
}
