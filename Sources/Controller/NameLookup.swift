import Foundation
import WarrenModel

/// Addresses as the system knows them.
public enum NameLookup {
    /// The addresses of a DNS name, IPv4 first, each family in order; empty when it has none or nobody answers.
    ///
    /// The system's resolver blocks for as long as it likes, so it does that on a thread of its own.
    @Sendable public static func addresses(of name: String) async -> [IPAddress] {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: resolve(name)) }
        }
    }

    private static func resolve(_ name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: Set<IPAddress> = []
        for entry in sequence(first: list, next: { $0?.pointee.ai_next }) {
            guard let entry else { break }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                getnameinfo(
                    entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0,
                let address = IPAddress(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            else { continue }
            addresses.insert(address)
        }
        return addresses.sorted()
    }

    /// The address in what gRPC calls a peer: `ipv4:192.0.2.1:4711` or `ipv6:[2001:db8::1]:4711`. IPv4 over an IPv6 socket is
    /// IPv4.
    static func address(ofPeer peer: String) -> IPAddress? {
        guard let end = peer.lastIndex(of: ":") else { return nil }
        if peer.hasPrefix("ipv4:"), peer.index(peer.startIndex, offsetBy: 5) <= end {
            return IPAddress(String(peer[peer.index(peer.startIndex, offsetBy: 5)..<end]))
        }
        guard peer.hasPrefix("ipv6:["), let close = peer.lastIndex(of: "]") else { return nil }
        let text = String(peer[peer.index(peer.startIndex, offsetBy: 6)..<close])
        guard let address = IPAddress(text) else { return nil }
        let bytes = address.bytes
        guard bytes.count == 16, bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] else { return address }
        return IPAddress(bytes.suffix(4).map(String.init).joined(separator: "."))
    }
}
