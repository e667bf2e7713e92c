import Glibc
import WarrenModel

/// A raw ICMP socket of one target: bound to its interface and local address, connected to its remote address, so that
/// the kernel hands it little else than answers. Needs CAP_NET_RAW.
struct EchoSocket: ~Copyable {
    let descriptor: Int32
    let family: AddressFamily
    let openedAt: MonotonicTime

    /// Nil when the kernel refuses, for instance since the interface is not there; `errno` says why. With `dontFragment`, a
    /// packet that is too large for the path is lost, whatever the kernel believes of the path; else it is cut in pieces.
    static func open(
        _ addresses: AddressPair, interface: String?, dontFragment: Bool = true, now: MonotonicTime
    ) -> EchoSocket? {
        let family = addresses.local.family, isIPv4 = family == .ipv4
        guard addresses.remote.family == family else { return nil }
        let kind = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(isIPv4 ? AF_INET : AF_INET6, kind, Int32(isIPv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
        guard descriptor >= 0 else { return nil }
        let opened = EchoSocket(descriptor: descriptor, family: family, openedAt: now)
        if let interface {
            let length = socklen_t(interface.utf8.count)
            guard interface.withCString({ setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, $0, length) }) == 0 else {
                return nil
            }
        }
        var probe: Int32 =
            switch (dontFragment, isIPv4) {
            case (true, true): IP_PMTUDISC_PROBE
            case (true, false): IPV6_PMTUDISC_PROBE
            case (false, true): IP_PMTUDISC_DONT
            case (false, false): IPV6_PMTUDISC_DONT
            }
        _ = setsockopt(
            descriptor, Int32(isIPv4 ? IPPROTO_IP : IPPROTO_IPV6), isIPv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &probe,
            socklen_t(MemoryLayout<Int32>.size))
        guard addresses.local.withSocketAddress({ bind(descriptor, $0, $1) }) == 0,
            addresses.remote.withSocketAddress({ connect(descriptor, $0, $1) }) == 0
        else { return nil }
        return opened
    }

    private init(descriptor: Int32, family: AddressFamily, openedAt: MonotonicTime) {
        self.descriptor = descriptor
        self.family = family
        self.openedAt = openedAt
    }

    deinit { close(descriptor) }

    /// False when the socket or its interface is of no use any more.
    func send(_ bytes: [UInt8]) -> Bool {
        guard let code = sendFault(bytes) else { return true }
        return [EMSGSIZE, EAGAIN, ENOBUFS, ECONNREFUSED, EHOSTUNREACH].contains(code)
    }

    /// Why the kernel did not send; nil when it did.
    func sendFault(_ bytes: [UInt8]) -> Int32? {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count ? nil : errno
    }

    /// The next datagram in `buffer`, or nil when none waits, or `errno` says of an error of an earlier request.
    func receive(into buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 && count <= buffer.count ? buffer[..<count] : nil
    }
}

extension IPAddress {
    /// Lends the address as a `sockaddr`.
    func withSocketAddress<Result>(port: UInt16 = 0, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch family {
        case .ipv4:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: bits).bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .ipv6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }
}
