import Foundation
import Glibc
import WarrenModel

/// From which addresses this gateway would reach the Internet: what the kernel's routes say, without sending anything.
enum OuterAddresses {
    /// Addresses of documentation (RFC 5737, RFC 3849), which nobody has: the way to them is the default route.
    private static let elsewhere: [AddressFamily: IPAddress] = [
        .ipv4: IPAddress(v4: 0xC000_0201), .ipv6: IPAddress(v6: 0x2001_0db8 << 96 | 1),
    ]

    /// One of each family at most: the source on the way to a controller, else on the default route. `except`: addresses
    /// that the mesh itself uses, which a route into a tunnel would give.
    static func find(toward controllers: [IPAddress], except inner: Set<IPAddress>) -> [IPAddress] {
        [AddressFamily.ipv4, .ipv6].compactMap { family in
            (controllers.filter { $0.family == family } + [elsewhere[family]].compactMap { $0 }).lazy
                .compactMap(source(toward:)).first { isUsable($0) && !inner.contains($0) }
        }
    }

    private static func isUsable(_ address: IPAddress) -> Bool {
        let useless = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10"].compactMap { IPPrefix($0) }
        return !useless.contains { $0.contains(address) }
    }

    /// connect(2) of a datagram socket chooses the source address and sends nothing.
    private static func source(toward address: IPAddress) -> IPAddress? {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family == .ipv4 ? AF_INET : AF_INET6, kind, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard address.withSocketAddress(port: 9, { connect(descriptor, $0, $1) }) == 0 else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                getsockname(descriptor, pointer, &length) == 0 ? IPAddress(socketAddress: pointer) : nil
            }
        }
    }
}

extension IPAddress {
    init?(socketAddress pointer: UnsafePointer<sockaddr>) {
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET:
            let bits = pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
            self.init(v4: UInt32(bigEndian: bits))
        case AF_INET6:
            let address = pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee.sin6_addr }
            let bytes = withUnsafeBytes(of: address) { Array($0) }
            self.init(bytes: bytes)
        default: return nil
        }
    }
}

extension ControllerAddress {
    /// The addresses of the host, by the system's resolver, which may take its time; none when it knows none.
    func resolved() async -> [IPAddress] {
        if let address = IPAddress(host) { return [address] }
        let host = host
        return await withCheckedContinuation { continuation in
            // getaddrinfo(3) blocks: not on a thread that tasks share.
            let thread = Thread { continuation.resume(returning: Self.resolve(host)) }
            thread.name = "warren-resolver"
            thread.start()
        }
    }

    private static func resolve(_ host: String) -> [IPAddress] {
        var hints = addrinfo(), list: UnsafeMutablePointer<addrinfo>?
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }
            .compactMap { $0?.pointee.ai_addr.flatMap { IPAddress(socketAddress: $0) } }
    }
}
